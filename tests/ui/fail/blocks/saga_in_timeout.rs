// A timeout around a saga drops it, and a saga that is dropped undoes nothing.

use async_orch::{pipeline, task};

#[task]
async fn charge() -> u32 {
    7
}

#[task]
async fn refund(cents: u32) {
    let _ = cents;
}

fn main() {
    let _ = pipeline! { timeout(5s) < saga < charge undo refund |_| {} > > };
}
//~     let _ = pipeline! { timeout(5s) < saga < charge undo refund |_| {} > > };
//~                                       ^^^^
