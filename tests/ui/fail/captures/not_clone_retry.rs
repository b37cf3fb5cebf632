// Each attempt of a `retry` needs the piped value.
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
        seq < order retry(max_attempts = 3) < check > >
    };
}
//~         seq < order retry(max_attempts = 3) < check > >
//~                     ^^^^^
