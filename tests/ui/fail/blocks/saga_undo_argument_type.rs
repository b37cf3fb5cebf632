// An argument of an undo that mentions a name of the saga, and has another type.

use async_orch::{pipeline, task};

#[task]
async fn charge(cents: u32) -> u32 {
    cents
}

#[task]
async fn refund(cents: u64) {
    println!("{cents}");
}

fn main() {
    let _ = pipeline! { |_: u32| saga < let cents = charge undo refund(*cents) charge(*cents) > };
}
//~     let _ = pipeline! { |_: u32| saga < let cents = charge undo refund(*cents) charge(*cents) > };
//~                                                                        ^^^^^^
