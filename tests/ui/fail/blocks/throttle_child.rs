use async_orch::{pipeline, task};

#[task]
async fn call(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! { |_: String| throttle(rate = 100) < call > };
}
//~     let _ = pipeline! { |_: String| throttle(rate = 100) < call > };
//~                                                            ^^^^
