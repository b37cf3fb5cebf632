use async_orch::task;

#[task(durable)]
async fn charge(order: u32) -> std::io::Result<u32> {
    Ok(order)
}

fn main() {}
//~ async fn charge(order: u32) -> std::io::Result<u32> {
//~                                ^^^^^^^^^^^^^^^^^^^^
