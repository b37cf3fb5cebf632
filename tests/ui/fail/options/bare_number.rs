// A duration has a unit.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { timeout(10) < one() > };
}
//~     let _ = pipeline! { timeout(10) < one() > };
//~                                 ^^
