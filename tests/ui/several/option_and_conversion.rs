use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

#[task]
fn len(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! { error = std::fmt::Error; |_: u32| seq < retry(max_attempt = 3) < fetch > len > };
}
//~     let _ = pipeline! { error = std::fmt::Error; |_: u32| seq < retry(max_attempt = 3) < fetch > len > };
//~                                                                       ^^^^^^^^^^^
//~     let _ = pipeline! { error = std::fmt::Error; |_: u32| seq < retry(max_attempt = 3) < fetch > len > };
//~                                                                                          ^^^^^
