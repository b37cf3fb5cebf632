// A `>` is missing at the end.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { circuit < one() };
}
//~     let _ = pipeline! { circuit < one() };
//~                                 ^
