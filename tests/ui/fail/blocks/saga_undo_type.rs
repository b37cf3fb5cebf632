// An undo that takes something else than its step gives.

use async_orch::{pipeline, task};

#[task]
async fn charge() -> u32 {
    7
}

#[task]
async fn refund(receipt: String) {
    drop(receipt);
}

fn main() {
    let _ = pipeline! { saga < charge undo refund(_) |_| { 1 } > };
}
//~     let _ = pipeline! { saga < charge undo refund(_) |_| { 1 } > };
//~                                                   ^
