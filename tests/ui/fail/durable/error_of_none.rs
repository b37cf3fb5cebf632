use async_orch::task;

#[task(durable(error = async_orch::durable::Coding::text(String::from)))]
async fn charge(order: u32) -> u32 {
    order
}

fn main() {}
//~ #[task(durable(error = async_orch::durable::Coding::text(String::from)))]
//~                        ^^^^^^^^^^
