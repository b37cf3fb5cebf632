// The error of an inline step does not convert.
use async_orch::pipeline;

struct Oops;

fn main() {
    let _ = pipeline! {
        seq < |()| { if true { Err(Oops) } else { Ok(1) } } |n| { n + 1 } >
    };
}
//~         seq < |()| { if true { Err(Oops) } else { Ok(1) } } |n| { n + 1 } >
//~               ^
