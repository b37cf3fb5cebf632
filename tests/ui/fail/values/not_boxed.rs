// A pipeline where one without its type is expected; the error is under all of it, and nothing inside is one.

use async_orch::{BoxPipeline, pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

struct Service {
    _flow: BoxPipeline<'static, u32, u32>,
}

fn main() {
    let _service = Service { _flow: pipeline! { |_: u32| seq < double double > } };
}
//~     let _service = Service { _flow: pipeline! { |_: u32| seq < double double > } };
//~                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
