// Nothing says what the inline step gives.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq < one |n| { n.to_string().parse().unwrap() } |_| { 1 } >
    };
}
//~         seq < one |n| { n.to_string().parse().unwrap() } |_| { 1 } >
//~                                       ^^^^^
