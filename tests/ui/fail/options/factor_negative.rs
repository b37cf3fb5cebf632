use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> Result<u32, std::io::Error> {
    Ok(id)
}

fn main() {
    let _ = pipeline! { |_: u32| retry(backoff = exponential(100ms, -2)) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(backoff = exponential(100ms, -2)) < fetch > };
//~                                                                     ^^
