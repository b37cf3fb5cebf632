use async_orch::{pipeline, task};

#[task(durable)]
async fn reserve(order: u32) -> u32 {
    order
}

fn main() {
    let _ = pipeline! { |_: u32| seq < reserve #[durable] |order| { order + 1 } > };
}
//~     let _ = pipeline! { |_: u32| seq < reserve #[durable] |order| { order + 1 } > };
//~                                                ^
