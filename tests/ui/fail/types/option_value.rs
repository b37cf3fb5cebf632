// An option is given a value of another type.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        circuit(fail_max = "two") < one() >
    };
}
//~         circuit(fail_max = "two") < one() >
//~                            ^^^^^
