use async_orch::task;

struct Receipt;

#[task(durable)]
async fn charge(order: u32) -> Receipt {
    let _ = order;
    Receipt
}

fn main() {}
//~ async fn charge(order: u32) -> Receipt {
//~                                ^^^^^^^
