use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let slow = "slow";
    let _ = pipeline! { retry(backoff = slow) < one() > };
}
//~     let _ = pipeline! { retry(backoff = slow) < one() > };
//~                                         ^^^^
