use async_orch::durable::Durable;
use async_orch::{pipeline, task};

#[task(durable)]
async fn reserve(order: u32) -> u32 {
    order
}

fn runs_durably(_: &impl Durable) {}

fn main() {
    let order = pipeline! { |_: u32| seq < reserve async |order| { order + 1 } > };
    runs_durably(&order);
}
//~     runs_durably(&order);
//~                  ^^^^^^
