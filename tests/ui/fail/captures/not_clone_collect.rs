// `collect` keeps what it pipes on.
use async_orch::{pipeline, task};

struct Order;

#[task]
async fn order() -> Order {
    Order
}

#[task]
async fn check(_order: Order) {}

fn main() {
    let _ = pipeline! {
        seq(collect) < order check >
    };
}
//~         seq(collect) < order check >
//~                        ^^^^^
