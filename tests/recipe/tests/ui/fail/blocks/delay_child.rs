// What is piped into the block is the child's input: the error is the child's.
use async_orch::{pipeline, task};

#[task]
fn name(id: u32) -> String {
    id.to_string()
}

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq < name delay(by = 10ms) < double > double >
    };
}
//~         seq < name delay(by = 10ms) < double > double >
//~                                       ^^^^^^
