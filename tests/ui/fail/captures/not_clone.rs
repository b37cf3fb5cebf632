// Two children of a `par` need the piped value.
use async_orch::{pipeline, task};

struct Order;

#[task]
async fn order() -> Order {
    Order
}

#[task]
async fn check(_order: Order) {}

#[task]
async fn price(_order: Order) {}

fn main() {
    let _ = pipeline! {
        seq < order par < check price > >
    };
}
//~         seq < order par < check price > >
//~                           ^^^^^
