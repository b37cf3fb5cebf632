// A task whose future is not `Send`: the error is at the task.
use std::rc::Rc;

use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> u32 {
    let id = Rc::new(id);
    tokio::task::yield_now().await;
    *id
}

fn main() {
    let pipeline = pipeline! { fetch(1) };
    drop(async move { tokio::spawn(async move { pipeline.run(()).await }) });
}
//~ async fn fetch(id: u32) -> u32 {
//~          ^^^^^
