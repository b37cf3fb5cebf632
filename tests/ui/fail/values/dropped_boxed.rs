// A boxed one.

#![deny(unused_must_use)]

use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    pipeline! { |_: u32| double }.boxed();
}
//~     pipeline! { |_: u32| double }.boxed();
//~     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
