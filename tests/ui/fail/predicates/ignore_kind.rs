use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let _ = pipeline! { |_: u32| circuit(ignore = std::io::ErrorKind::NotFound) < fetch > };
}
//~     let _ = pipeline! { |_: u32| circuit(ignore = std::io::ErrorKind::NotFound) < fetch > };
//~                                                   ^^^
