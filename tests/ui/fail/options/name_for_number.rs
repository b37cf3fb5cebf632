use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(format!("record {id}"))
}

fn main() {
    let _ = pipeline! { |n: u32| retry(max_attempts = n) < fetch(*n) > };
}
//~     let _ = pipeline! { |n: u32| retry(max_attempts = n) < fetch(*n) > };
//~                                                       ^
