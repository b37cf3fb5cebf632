use async_orch::{pipeline, task};

#[task]
async fn call(id: u32) -> Result<u32, std::io::Error> {
    Ok(id)
}

fn main() {
    let _ = pipeline! { |_: u32| circuit(window = 10s) < call > };
}
//~     let _ = pipeline! { |_: u32| circuit(window = 10s) < call > };
//~                                          ^^^^^^
