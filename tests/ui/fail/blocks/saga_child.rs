// A step of a saga that does not fit the one before it.

use async_orch::{pipeline, task};

#[task]
async fn charge() -> u32 {
    7
}

#[task]
async fn ship(address: String) {
    drop(address);
}

#[task]
async fn refund(cents: u32) {
    let _ = cents;
}

fn main() {
    let _ = pipeline! { saga < charge undo refund ship > };
}
//~     let _ = pipeline! { saga < charge undo refund ship > };
//~                                                   ^^^^
