// `dyn Run` is no type: there is `BoxPipeline`.

use async_orch::{BoxError, Run};

struct Service {
    _flow: Box<dyn Run<In = u32, Out = u32, Error = BoxError>>,
}

fn main() {}
//~     _flow: Box<dyn Run<In = u32, Out = u32, Error = BoxError>>,
//~                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
