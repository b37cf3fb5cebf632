// A duration is given as a number in a variable.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let seconds = 10;
    let _ = pipeline! {
        timeout(seconds) < one() >
    };
}
//~         timeout(seconds) < one() >
//~                 ^^^^^^^
