// An undo in a block that goes on after a failure.

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
    let _ = pipeline! { saga < retry < charge undo refund > > };
}
//~     let _ = pipeline! { saga < retry < charge undo refund > > };
//~                                               ^^^^
