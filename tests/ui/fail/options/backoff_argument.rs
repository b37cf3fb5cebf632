use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let millis = 100u64;
    let _ = pipeline! { |_: u32| retry(backoff = constant(millis)) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(backoff = constant(millis)) < fetch > };
//~                                                           ^^^^^^
