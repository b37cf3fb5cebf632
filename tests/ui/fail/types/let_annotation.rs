// The annotation of a name says another type than the step gives.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq <
            let n: String = one
            |()| { format!("{n}") }
        >
    };
}
//~             let n: String = one
//~                             ^^^
