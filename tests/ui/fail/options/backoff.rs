// A backoff has a form.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { retry(backoff = 100ms) < one() > };
}
//~     let _ = pipeline! { retry(backoff = 100ms) < one() > };
//~                                         ^^^^^
