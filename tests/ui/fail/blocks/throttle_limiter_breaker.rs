use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let breaker = async_orch::Breaker::builder().build();
    let _ = pipeline! { |_: u32| throttle(limiter = &breaker) < fetch > };
}
//~     let _ = pipeline! { |_: u32| throttle(limiter = &breaker) < fetch > };
//~                                                     ^^^^^^^^
