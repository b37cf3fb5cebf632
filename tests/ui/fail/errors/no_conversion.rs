// The error of a task does not convert into the pipeline's.
use std::io;

use async_orch::{pipeline, task};

#[derive(Debug)]
struct MyError;

impl std::fmt::Display for MyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mine")
    }
}

impl std::error::Error for MyError {}

#[task]
async fn fetch(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[task]
async fn show(id: u32) -> Result<u32, MyError> {
    Ok(id)
}

fn main() {
    let _ = pipeline! {
        error = MyError;
        seq < fetch(1) show >
    };
}
//~         seq < fetch(1) show >
//~               ^^^^^
