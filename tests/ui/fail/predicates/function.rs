use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    fn is_transient(e: &std::io::Error) -> bool { let _ = e; true }
    let _ = pipeline! { |_: u32| retry(when = is_transient) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(when = is_transient) < fetch > };
//~                                               ^^^^^^^^^^^^
