// The compiler's own lint, as of a variable.
#![deny(unused_variables)]
use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| seq < let twice = double |_| { 3 } > };
}

//~     let _ = pipeline! { |_: u32| seq < let twice = double |_| { 3 } > };
//~                                            ^^^^^
