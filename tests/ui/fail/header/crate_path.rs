// The library is not where the header says.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        crate = ::elsewhere;
        one()
    };
}
//~         crate = ::elsewhere;
//~                   ^^^^^^^^^
