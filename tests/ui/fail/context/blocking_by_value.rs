use async_orch::{Context, task};

#[task(blocking)]
fn read(cx: Context<'_>, n: u32) -> u32 {
    n + cx.attempt()
}

fn main() {}
//~ fn read(cx: Context<'_>, n: u32) -> u32 {
//~                     ^^
