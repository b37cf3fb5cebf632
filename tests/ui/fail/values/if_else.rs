// Two pipelines are two types: `.boxed()` makes them one.

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
    let fast = std::env::args().len() > 1;
    let _chosen = if fast { pipeline! { |_: u32| double } } else { pipeline! { |_: u32| triple } };
}
//~     let _chosen = if fast { pipeline! { |_: u32| double } } else { pipeline! { |_: u32| triple } };
//~                                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
