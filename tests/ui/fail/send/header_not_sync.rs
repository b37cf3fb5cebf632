// What the header owns is seen by steps on other threads.
use std::cell::Cell;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        let cell = Cell::new(1);
        |()| { cell.get() }
    };
}
//~         let cell = Cell::new(1);
//~             ^^^^
