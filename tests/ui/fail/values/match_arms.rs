// So are those of arms.

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
    let _chosen = match std::env::args().len() {
        1 => pipeline! { |_: u32| double },
        _ => pipeline! { |_: u32| triple },
    };
}
//~         _ => pipeline! { |_: u32| triple },
//~              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
