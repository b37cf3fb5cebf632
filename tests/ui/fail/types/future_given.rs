// An inline step calls an async function and does not await it: nothing of that would run, and the next step is given a future.
use async_orch::pipeline;

async fn refund(amount: u32) -> u32 {
    amount
}

fn main() {
    let _ = pipeline! {
        |_: Vec<u32>| each(limit = 3) < seq < |amount| { refund(amount) } |left| { left + 1 } > >
    };
}
//~         |_: Vec<u32>| each(limit = 3) < seq < |amount| { refund(amount) } |left| { left + 1 } > >
//~                                               ^
