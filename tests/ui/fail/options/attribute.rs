// An option has no condition of its own.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! { |_: u32| retry(#[cfg(test)] max_attempts = 3) < one > };
}
//~     let _ = pipeline! { |_: u32| retry(#[cfg(test)] max_attempts = 3) < one > };
//~                                        ^
