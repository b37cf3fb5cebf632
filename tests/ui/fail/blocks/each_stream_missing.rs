// A stream is no collection.

use async_orch::{pipeline, task};
use futures::stream::BoxStream;

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: BoxStream<'static, u32>| each(limit = 2) < double > };
}
//~     let _ = pipeline! { |_: BoxStream<'static, u32>| each(limit = 2) < double > };
//~                                                      ^^^^
