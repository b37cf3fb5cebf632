// A mistake in a step is one, however the pipeline is used.
use async_orch::{pipeline, task};

#[task]
async fn name() -> String {
    String::new()
}

#[task]
async fn parse(bytes: Vec<u8>) -> usize {
    bytes.len()
}

#[tokio::main]
async fn main() -> Result<(), async_orch::Error> {
    let pipeline = pipeline! { seq < name parse |n| { n + 1 } > };
    let seen: usize = pipeline.run(()).await?;
    println!("{seen}");
    let shared = std::sync::Arc::new(pipeline);
    tokio::spawn(async move { shared.run(()).await });
    Ok(())
}
//~     let pipeline = pipeline! { seq < name parse |n| { n + 1 } > };
//~                                           ^^^^^
