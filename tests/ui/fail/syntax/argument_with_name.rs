use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(format!("record {id}"))
}

fn main() {
    let _ = pipeline! { fetch(id = 10) };
}
//~     let _ = pipeline! { fetch(id = 10) };
//~                               ^^
