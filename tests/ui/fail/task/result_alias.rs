// A `Result` by another name would be an output, and its errors no errors.
use async_orch::{pipeline, task};
use std::io;

type Outcome = Result<usize, io::Error>;

#[task]
fn save() -> Outcome {
    Err(io::Error::other("disk full"))
}

#[task]
fn notify(_bytes: usize) {}

fn main() {
    let p = pipeline! { seq < retry(max_attempts = 5) < save > notify > };
    drop(p.run(()));
}
//~ fn save() -> Outcome {
//~              ^^^^^^^
