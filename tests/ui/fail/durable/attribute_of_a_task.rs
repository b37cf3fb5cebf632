use async_orch::{pipeline, task};

#[task]
async fn reserve(order: u32) -> u32 {
    order
}

fn main() {
    let _ = pipeline! { |_: u32| seq < #[durable] reserve |order| { order + 1 } > };
}
//~     let _ = pipeline! { |_: u32| seq < #[durable] reserve |order| { order + 1 } > };
//~                                        ^
