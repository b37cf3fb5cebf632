// The first attempt is one of them.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { hedge(50ms, max_attempts = 1) < one() > };
}
//~     let _ = pipeline! { hedge(50ms, max_attempts = 1) < one() > };
//~                                                    ^
