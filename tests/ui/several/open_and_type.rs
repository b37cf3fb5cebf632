use async_orch::{pipeline, task};

#[task]
async fn fetch(n: u32) -> std::io::Result<String> {
    Ok(n.to_string())
}

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| seq < fetch retry < double };
}
//~     let _ = pipeline! { |_: u32| seq < fetch retry < double };
//~                                                    ^
//~     let _ = pipeline! { |_: u32| seq < fetch retry < double };
//~                                                      ^^^^^^
