use std::io;
use std::time::Duration;

async fn fetch(id: u32) -> Result<String, io::Error> {
    Ok(format!("{id},{id}"))
}

async fn parse(text: String) -> Result<Vec<u32>, std::num::ParseIntError> {
    text.split(',').map(str::parse).collect()
}

async fn save(list: Vec<u32>) -> Result<usize, io::Error> {
    Ok(list.len())
}

async fn ingest(id: u32) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let text = fetch(id).await?;
    let list = parse(text).await/* here */ ?
    Ok(save(list).await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let ingest = tokio::spawn(ingest(1));
    println!("{}", ingest.await??);
    let _ = Duration::ZERO;
    Ok(())
}
