// A task that takes what cannot be sent between threads.
use std::rc::Rc;

use async_orch::task;

#[task]
async fn fetch(id: Rc<u32>) -> u32 {
    *id
}

fn main() {}
//~ async fn fetch(id: Rc<u32>) -> u32 {
//~          ^^^^^
