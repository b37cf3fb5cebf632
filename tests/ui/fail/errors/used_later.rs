// The same for an error that does not convert.
use async_orch::{pipeline, task};

struct Oops;

#[task]
async fn fetch(id: u32) -> Result<u32, Oops> {
    Err(Oops).or(Ok(id))
}

#[tokio::main]
async fn main() -> Result<(), async_orch::Error> {
    let pipeline = pipeline! { seq < fetch(1) |n| { n + 1 } > };
    let seen: u32 = pipeline.run(()).await?;
    println!("{seen}");
    Ok(())
}
//~     let pipeline = pipeline! { seq < fetch(1) |n| { n + 1 } > };
//~                                      ^^^^^
