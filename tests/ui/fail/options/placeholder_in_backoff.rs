use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn delay(n: u32) -> std::time::Duration {
    std::time::Duration::from_millis(n.into())
}

fn main() {
    let _ = pipeline! { |_: u32| retry(backoff = constant(delay(_))) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(backoff = constant(delay(_))) < fetch > };
//~                                                                 ^
