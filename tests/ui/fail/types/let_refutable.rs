// A pattern that does not match every value.
use async_orch::{pipeline, task};

#[task]
async fn find() -> Option<u32> {
    None
}

fn main() {
    let _ = pipeline! {
        seq <
            let Some(n) = find
            |()| { *n }
        >
    };
}
//~             let Some(n) = find
//~                 ^^^^^^^
