use std::ops::ControlFlow;

use async_orch::{pipeline, task};

#[task]
async fn poll(id: u32) -> ControlFlow<u32, String> {
    if id > 9 { ControlFlow::Break(id) } else { ControlFlow::Continue(id.to_string()) }
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        repeat(max_rounds = 5) < poll >
    };
}
//~         repeat(max_rounds = 5) < poll >
//~                                  ^^^^
