// A captured value that cannot be shared between threads.
use std::cell::Cell;

use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> u32 {
    id
}

fn main() {
    let next = Cell::new(1);
    let _ = pipeline! { fetch(next.get()) };
}
//~     let _ = pipeline! { fetch(next.get()) };
//~                         ^^^^^
