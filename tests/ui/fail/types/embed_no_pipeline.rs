// What stands in the braces is no pipeline.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let two = 2;
    let _ = pipeline! {
        seq < one { two } >
    };
}
//~         seq < one { two } >
//~                   ^^^^^^^
