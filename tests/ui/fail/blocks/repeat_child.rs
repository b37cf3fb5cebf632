use std::ops::ControlFlow;

use async_orch::{pipeline, task};

#[task]
async fn poll(id: String) -> u32 {
    id.len() as u32
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        repeat < poll |n| { if n > 9 { ControlFlow::Break(n) } else { ControlFlow::Continue(n + 1) } } >
    };
}
//~         repeat < poll |n| { if n > 9 { ControlFlow::Break(n) } else { ControlFlow::Continue(n + 1) } } >
//~                  ^^^^
