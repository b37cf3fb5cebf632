use std::io;

use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> Result<String, io::Error> {
    Ok(format!("{id},{id}"))
}

#[task]
async fn parse(text: String) -> Result<Vec<u32>, std::num::ParseIntError> {
    text.split(',').map(str::parse).collect()
}

#[task]
async fn save(list: Vec<u32>) -> Result<usize, io::Error> {
    Ok(list.len())
}

#[tokio::main]
async fn main() -> Result<(), async_orch::BoxError> {
    let ingest = pipeline! {
        |id: u32|
        seq < par < fetch(*id) fetch(2) > |/* here */ (a, b, c)| { [a, b, c].join(",") } parse save >
    };
    let ingest = tokio::spawn(async move { ingest.run(1).await });
    println!("{}", ingest.await??);
    Ok(())
}
