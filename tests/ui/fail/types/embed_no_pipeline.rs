// What stands in the braces is no pipeline.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq < one { 1 + 1 } >
    };
}
//~         seq < one { 1 + 1 } >
//~                   ^^^^^^^^^
