use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| <seq> double fetch </seq> };
}
//~     let _ = pipeline! { |_: u32| <seq> double fetch </seq> };
//~                                  ^
