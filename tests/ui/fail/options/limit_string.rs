use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let n = "3";
    let _ = pipeline! { |_: Vec<u32>| each(limit = n) < fetch > };
}
//~     let _ = pipeline! { |_: Vec<u32>| each(limit = n) < fetch > };
//~                                                    ^
