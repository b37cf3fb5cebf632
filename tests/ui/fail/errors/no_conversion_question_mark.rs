// The same with `?`.
use async_orch::pipeline;

struct Oops;

fn check() -> Result<u32, Oops> {
    Err(Oops)
}

fn main() {
    let _ = pipeline! {
        seq < |()| { let n = check()?; Ok(n + 1) } |n| { n + 1 } >
    };
}
//~         seq < |()| { let n = check()?; Ok(n + 1) } |n| { n + 1 } >
//~                                     ^
