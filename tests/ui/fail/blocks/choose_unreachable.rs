#![deny(unreachable_patterns)]
use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |n: Option<u32>|
        choose(*n) < Some(_) => number(0), _ => number(1), None => number(2) >
    };
}
//~         choose(*n) < Some(_) => number(0), _ => number(1), None => number(2) >
//~                                                            ^^^^
