// A pipeline is run, and the run is what is awaited.
use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

async fn start() {
    let flow = pipeline! { |_: u32| double };
    let _ = flow.await;
}

fn main() {
    let _ = start();
}
//~     let _ = flow.await;
//~                  ^^^^^
