// A variable is no step.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let inner = pipeline! { one() };
    let _ = pipeline! { seq < inner > };
}
//~     let _ = pipeline! { seq < inner > };
//~                               ^^^^^
