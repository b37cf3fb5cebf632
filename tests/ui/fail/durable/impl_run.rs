use async_orch::durable::Durable;
use async_orch::{BoxError, Run, pipeline, task};

#[task(durable)]
async fn reserve(order: u32) -> u32 {
    order
}

fn order() -> impl Run<In = u32, Out = u32, Error = BoxError> {
    pipeline! { |_: u32| reserve }
}

fn runs_durably(_: &impl Durable) {}

fn main() {
    runs_durably(&order());
}
//~     runs_durably(&order());
//~                  ^^^^^^^^
