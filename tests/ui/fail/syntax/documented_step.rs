// A comment before a step has two strokes.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq <
            /// The first.
            one
        >
    };
}
//~             /// The first.
//~             ^^^^^^^^^^^^^^
