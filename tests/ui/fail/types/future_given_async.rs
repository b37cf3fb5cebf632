// So does an async step that awaits something else.
use async_orch::pipeline;

async fn refund(amount: u32) -> u32 {
    amount
}

fn main() {
    let _ = pipeline! {
        |_: u32| retry < async |amount| { tokio::task::yield_now().await; refund(amount) } >
    };
}
//~         |_: u32| retry < async |amount| { tokio::task::yield_now().await; refund(amount) } >
//~                          ^^^^^
