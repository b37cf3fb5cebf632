// The compiler's own lint, as of a closure.
#![deny(unused_variables)]
use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| seq < double |n| { 3 } > };
}

//~     let _ = pipeline! { |_: u32| seq < double |n| { 3 } > };
//~                                                ^
