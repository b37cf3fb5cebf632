// A run that nobody awaits.

#![deny(unused_must_use)]

use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let flow = pipeline! { |_: u32| double };
    flow.run(1);
}
//~     flow.run(1);
//~     ^^^^^^^^^^^
