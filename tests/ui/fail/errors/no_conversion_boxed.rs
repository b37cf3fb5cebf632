// The error of a task is none.
use async_orch::{pipeline, task};

struct Oops;

#[task]
async fn fetch(id: u32) -> Result<u32, Oops> {
    Err(Oops).or(Ok(id))
}

fn main() {
    let _ = pipeline! { seq < fetch(1) > };
}
//~     let _ = pipeline! { seq < fetch(1) > };
//~                               ^^^^^
