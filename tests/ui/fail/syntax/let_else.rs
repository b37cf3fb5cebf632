// What does not always match is taken apart in a body.
use async_orch::{pipeline, task};

#[task]
fn find(n: u32) -> Option<u32> {
    Some(n)
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq <
            let Some(n) = find else { return };
            |_| { n + 1 }
        >
    };
}
//~             let Some(n) = find else { return };
//~                                ^^^^
