// And those of a list.

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
    let _all = vec![pipeline! { |_: u32| double }, pipeline! { |_: u32| triple }];
}
//~     let _all = vec![pipeline! { |_: u32| double }, pipeline! { |_: u32| triple }];
//~                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
