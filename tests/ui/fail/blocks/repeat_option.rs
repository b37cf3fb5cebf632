use std::ops::ControlFlow;

use async_orch::{pipeline, task};

#[task]
async fn poll(id: u32) -> ControlFlow<u32, u32> {
    if id > 9 { ControlFlow::Break(id) } else { ControlFlow::Continue(id + 1) }
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        repeat(max_rounds = 0) < poll >
    };
}
//~         repeat(max_rounds = 0) < poll >
//~                             ^
