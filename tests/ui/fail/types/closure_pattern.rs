// The pattern of an inline step has another shape than its value.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq < par < one() one() > |(a, b, c)| { a + b + c } >
    };
}
//~         seq < par < one() one() > |(a, b, c)| { a + b + c } >
//~                                    ^^^^^^^^^
