// An undo without a saga around it.

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
    let _ = pipeline! { seq < charge undo refund |_| {} > };
}
//~     let _ = pipeline! { seq < charge undo refund |_| {} > };
//~                                      ^^^^
