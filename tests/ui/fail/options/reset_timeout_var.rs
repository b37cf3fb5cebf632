use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let t = 3;
    let _ = pipeline! { |_: u32| circuit(reset_timeout = t) < fetch > };
}
//~     let _ = pipeline! { |_: u32| circuit(reset_timeout = t) < fetch > };
//~                                                          ^
