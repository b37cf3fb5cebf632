// A task borrows its context.
use async_orch::{Context, pipeline, task};

#[task]
async fn look(cx: Context<'_>, n: u32) -> u32 {
    n + cx.attempt()
}

fn main() {
    let _ = pipeline! { |_: u32| retry < look > };
}
//~ async fn look(cx: Context<'_>, n: u32) -> u32 {
//~               ^^
