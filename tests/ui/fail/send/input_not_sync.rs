// A named input is seen by steps on other threads.
use std::cell::Cell;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |cell: Cell<u32>|
        |()| { cell.get() }
    };
}
//~         |cell: Cell<u32>|
//~          ^^^^
