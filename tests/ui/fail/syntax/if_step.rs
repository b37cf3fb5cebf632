// A condition is code, and belongs into a body.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let limit = 3;
    let _ = pipeline! { |_: u32| seq < if limit > 3 { one } else { one } one > };
}
//~     let _ = pipeline! { |_: u32| seq < if limit > 3 { one } else { one } one > };
//~                                        ^^
