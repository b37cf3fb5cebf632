// The context comes before what a task is given.
use async_orch::{Context, pipeline, task};

#[task]
async fn look(n: u32, cx: &Context<'_>) -> u32 {
    n + cx.attempt()
}

fn main() {
    let _ = pipeline! { |_: u32| retry < look > };
}
//~ async fn look(n: u32, cx: &Context<'_>) -> u32 {
//~                       ^^
