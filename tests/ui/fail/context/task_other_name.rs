// The context is told by its name.
use async_orch::{Context, pipeline, task};

#[task]
async fn look(ctx: &Context<'_>, n: u32) -> u32 {
    n + ctx.attempt()
}

fn main() {
    let _ = pipeline! { |_: u32| retry < look > };
}
//~ async fn look(ctx: &Context<'_>, n: u32) -> u32 {
//~               ^^^
