// What other libraries call it.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { retry(max_retries = 2) < one() > };
}
//~     let _ = pipeline! { retry(max_retries = 2) < one() > };
//~                               ^^^^^^^^^^^
