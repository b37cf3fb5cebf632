use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(format!("record {id}"))
}

fn main() {
    let _ = pipeline! { |_: u32| timeout(2s + 1s) < fetch > };
}
//~     let _ = pipeline! { |_: u32| timeout(2s + 1s) < fetch > };
//~                                          ^^^^^^^
