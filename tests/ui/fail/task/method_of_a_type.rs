use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(format!("record {id}"))
}

fn main() {
    let _ = pipeline! { |_: u32| seq < fetch String::len > };
}
//~     let _ = pipeline! { |_: u32| seq < fetch String::len > };
//~                                                      ^^^
