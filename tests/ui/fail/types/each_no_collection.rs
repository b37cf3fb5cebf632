// `each` runs over what can be iterated.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

#[task]
async fn show(_n: u32) {}

fn main() {
    let _ = pipeline! {
        seq < one each < show > >
    };
}
//~         seq < one each < show > >
//~                   ^^^^
