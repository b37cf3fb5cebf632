// After a `par` the piped value is a tuple.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

#[task]
async fn show(_n: u32) {}

fn main() {
    let _ = pipeline! {
        seq < par < one() one() > show >
    };
}
//~         seq < par < one() one() > show >
//~                                   ^^^^
