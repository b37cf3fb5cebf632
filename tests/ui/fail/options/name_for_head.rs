use std::time::Duration;

use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let name = Duration::from_secs(1);
    let _ = pipeline! { timeout(1s, name) < one() > };
    let _ = name;
}
//~     let _ = pipeline! { timeout(1s, name) < one() > };
//~                                     ^^^^
