use std::cell::Cell;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |_: Vec<Cell<u32>>|
        each < let cell = _ |_| { cell.get() } >
    };
}
//~         each < let cell = _ |_| { cell.get() } >
//~                           ^
