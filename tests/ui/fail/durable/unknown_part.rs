use async_orch::task;

#[task(durable(outputs = ()))]
async fn charge(order: u32) -> u32 {
    order
}

fn main() {}
//~ #[task(durable(outputs = ()))]
//~                ^^^^^^^
