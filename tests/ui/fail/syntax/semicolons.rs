// Who writes one writes them all.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq <
            one;
            let n = one;
            one(*n);
        >
    };
}
//~             one;
//~                ^
