use std::ops::ControlFlow;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |_: u32|
        repeat < let answer = |n| { if n > 9 { ControlFlow::Break(n) } else { ControlFlow::Continue(n + 1) } } >
    };
}
//~         repeat < let answer = |n| { if n > 9 { ControlFlow::Break(n) } else { ControlFlow::Continue(n + 1) } } >
//~                  ^^^
