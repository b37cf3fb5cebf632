// An argument of an undo that is a name, where the task takes its value.

use async_orch::{pipeline, task};

#[task]
async fn charge(cents: u32) -> u32 {
    cents
}

#[task]
async fn refund(cents: u32) {
    println!("{cents}");
}

fn main() {
    let _ = pipeline! { |_: u32| saga < let cents = charge undo refund(cents) charge(*cents) > };
}
//~     let _ = pipeline! { |_: u32| saga < let cents = charge undo refund(cents) charge(*cents) > };
//~                                                                        ^^^^^
