use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let rate = 2.5;
    let _ = pipeline! { |_: u32| throttle(rate = rate) < fetch > };
}
//~     let _ = pipeline! { |_: u32| throttle(rate = rate) < fetch > };
//~                                                  ^^^^
