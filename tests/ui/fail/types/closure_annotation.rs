// An inline step declares another type than it is given.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq < one |n: String| { n.len() } >
    };
}
//~         seq < one |n: String| { n.len() } >
//~                    ^
