// A task that gives what cannot be sent between threads.
use std::rc::Rc;

use async_orch::task;

#[task]
async fn fetch(id: u32) -> Rc<u32> {
    Rc::new(id)
}

fn main() {}
//~ async fn fetch(id: u32) -> Rc<u32> {
//~                            ^^^^^^^
