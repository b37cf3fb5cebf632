use async_orch::{pipeline, task};

#[task]
async fn fetch(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

fn main() {
    let _ = pipeline! { |_: u32| retry(max_attempts = 3 backoff = exponential(100ms)) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(max_attempts = 3 backoff = exponential(100ms)) < fetch > };
//~                                                         ^^^^^^^
