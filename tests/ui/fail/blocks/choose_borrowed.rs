use std::collections::HashMap;

use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |known: HashMap<u32, u32>|
        choose(known.get(&7)) < Some(n) => number(**n), None => number(0) >
    };
}
//~         choose(known.get(&7)) < Some(n) => number(**n), None => number(0) >
//~                ^^^^^
