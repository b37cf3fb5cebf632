// A step with an undo that is no task.

use async_orch::{pipeline, task};

fn charge() -> u32 {
    7
}

#[task]
async fn refund(cents: u32) {
    let _ = cents;
}

fn main() {
    let _ = pipeline! { saga < charge undo refund > };
}
//~     let _ = pipeline! { saga < charge undo refund > };
//~                                ^^^^^^
