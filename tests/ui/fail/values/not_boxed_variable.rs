// The same, of a variable.

use async_orch::{BoxPipeline, pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let flow = pipeline! { |_: u32| double };
    let _flow: BoxPipeline<'_, u32, u32> = flow;
}
//~     let _flow: BoxPipeline<'_, u32, u32> = flow;
//~                                            ^^^^
