use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let factor = 2u64;
    let _ = pipeline! { |_: u32| retry(backoff = exponential(100ms, factor)) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(backoff = exponential(100ms, factor)) < fetch > };
//~                                                                     ^^^^^^
