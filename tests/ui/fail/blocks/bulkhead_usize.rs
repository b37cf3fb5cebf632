use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let places = 3usize;
    let _ = pipeline! { |_: u32| bulkhead(max = places) < fetch > };
}
//~     let _ = pipeline! { |_: u32| bulkhead(max = places) < fetch > };
//~                                                 ^^^^^^
