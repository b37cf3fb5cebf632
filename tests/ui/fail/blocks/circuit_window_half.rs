use async_orch::{pipeline, task};

#[task]
async fn call(id: u32) -> Result<u32, std::io::Error> {
    Ok(id)
}

fn main() {
    let _ = pipeline! { |_: u32| circuit(failure_rate = 0.5, window = 2.5) < call > };
}
//~     let _ = pipeline! { |_: u32| circuit(failure_rate = 0.5, window = 2.5) < call > };
//~                                                                       ^^^
