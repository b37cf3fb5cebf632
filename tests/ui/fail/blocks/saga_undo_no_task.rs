// An undo that is no task.

use async_orch::{pipeline, task};

#[task]
async fn pay() -> u32 {
    7
}

fn back(cents: u32) {
    let _ = cents;
}

fn main() {
    let _ = pipeline! { saga < pay undo back > };
}
//~     let _ = pipeline! { saga < pay undo back > };
//~                                         ^^^^
