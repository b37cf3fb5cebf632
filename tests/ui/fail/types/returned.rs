// The function says another output than its pipeline gives.
use async_orch::{BoxError, Run, pipeline, task};

#[task]
async fn fetch(id: u32) -> String {
    id.to_string()
}

fn build() -> impl Run<In = u32, Out = u64, Error = BoxError> {
    pipeline! { |_: u32| fetch }
}

fn main() {
    build();
}
//~ fn build() -> impl Run<In = u32, Out = u64, Error = BoxError> {
//~               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
