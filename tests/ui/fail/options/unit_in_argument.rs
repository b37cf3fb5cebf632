// A literal with a unit is for options.
use std::time::Duration;

use async_orch::{pipeline, task};

#[task]
async fn wait(_duration: Duration) {}

fn main() {
    let _ = pipeline! { wait(10s) };
}
//~     let _ = pipeline! { wait(10s) };
//~                              ^^^
