// Nor has it in a signature.

use async_orch::{Pipeline, pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn flow() -> Pipeline {
    pipeline! { |_: u32| double }
}

fn main() {}
//~ fn flow() -> Pipeline {
//~              ^^^^^^^^
