// The same without arguments, between other steps.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! {
        seq < one double one() >
    };
}
//~         seq < one double one() >
//~                   ^^^^^^
