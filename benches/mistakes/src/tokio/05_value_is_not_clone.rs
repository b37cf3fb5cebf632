use std::io;
use std::time::Duration;

async fn fetch(id: u32) -> Result<String, io::Error> {
    Ok(format!("{id},{id}"))
}

struct Text(String);

async fn parse(text: Text) -> Result<Vec<u32>, std::num::ParseIntError> {
    text.0.split(',').map(str::parse).collect()
}

async fn save(list: Vec<u32>) -> Result<usize, io::Error> {
    Ok(list.len())
}

async fn ingest(id: u32) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let text = Text(fetch(id).await?);
    loop {
        match parse(/* here */ text).await {
            Ok(list) => return Ok(save(list).await?),
            Err(error) => println!("{error}"),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let ingest = tokio::spawn(ingest(1));
    println!("{}", ingest.await??);
    let _ = Duration::ZERO;
    Ok(())
}
