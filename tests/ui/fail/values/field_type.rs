// The type of the steps has no name that one writes: for a field there is `BoxPipeline`.

use async_orch::Pipeline;

struct Service {
    _flow: Pipeline,
}

fn main() {}
//~     _flow: Pipeline,
//~            ^^^^^^^^
