// A named output is seen by steps on other threads.
use std::cell::Cell;

use async_orch::{pipeline, task};

#[task]
async fn cell() -> Cell<u32> {
    Cell::new(1)
}

fn main() {
    let _ = pipeline! {
        seq <
            let cell = cell
            |()| { cell.get() }
        >
    };
}
//~             let cell = cell
//~                        ^^^^
