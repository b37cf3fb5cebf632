// A name is seen by later steps only.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

#[task]
async fn show(_n: u32) {}

fn main() {
    let _ = pipeline! {
        seq <
            seq < let n = one show(*n) >
            show(*n)
        >
    };
}
//~             show(*n)
//~                   ^
