// The predicate says that it takes what is inside of the error.
use std::io;

use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> Result<u32, io::Error> {
    Ok(id)
}

fn main() {
    let _ = pipeline! { |_: u32| retry(when = |e: &io::Error| e.kind() == io::ErrorKind::TimedOut) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(when = |e: &io::Error| e.kind() == io::ErrorKind::TimedOut) < fetch > };
//~                                                   ^
