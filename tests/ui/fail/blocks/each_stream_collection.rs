// A collection is no stream.

use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: Vec<u32>| each(stream, limit = 2) < double > };
}
//~     let _ = pipeline! { |_: Vec<u32>| each(stream, limit = 2) < double > };
//~                                       ^^^^
