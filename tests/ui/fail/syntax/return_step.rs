// A `return` belongs into a body too.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! { |_: u32| seq < one return Ok(3); > };
}
//~     let _ = pipeline! { |_: u32| seq < one return Ok(3); > };
//~                                            ^^^^^^
