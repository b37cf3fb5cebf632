use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> Result<u32, String> {
    Ok(n)
}

fn is_transient(error: &async_orch::Error) -> bool {
    error.task().is_some()
}

fn main() {
    let _p = pipeline! { |_: u32| retry(retry_after = is_transient) < number > };
}
//~     let _p = pipeline! { |_: u32| retry(retry_after = is_transient) < number > };
//~                                                       ^^^^^^^^^^^^
