// And what is assigned.

use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
async fn triple(n: u32) -> u32 {
    n * 3
}

fn main() {
    let mut last = pipeline! { |_: u32| double };
    let _ = &last;
    last = pipeline! { |_: u32| triple };
    let _ = &last;
}
//~     last = pipeline! { |_: u32| triple };
//~            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
