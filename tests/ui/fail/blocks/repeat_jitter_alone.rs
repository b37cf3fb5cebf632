// An option that changes the waits between rounds, where there are none.

use async_orch::{pipeline, task};
use std::ops::ControlFlow;

#[task]
fn count(n: u32) -> ControlFlow<u32, u32> {
    if n > 9 { ControlFlow::Break(n) } else { ControlFlow::Continue(n + 1) }
}

fn main() {
    let _ = pipeline! { |_: u32| repeat(max_rounds = 10, jitter = full) < count > };
}
//~     let _ = pipeline! { |_: u32| repeat(max_rounds = 10, jitter = full) < count > };
//~                                                          ^^^^^^
