use sayiir_runtime::prelude::*;

#[task(id = "fetch")]
async fn fetch(id: u32) -> Result<String, BoxError> {
    Ok(format!("{id},{id}"))
}

#[task(id = "parse")]
async fn parse(text: String) -> Result<Vec<u32>, std::num::ParseIntError> {
    text.split(',').map(str::parse).collect()
}

#[task(id = "save")]
async fn save(list: Vec<u32>) -> Result<usize, BoxError> {
    Ok(list.len())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let ingest = workflow! { name: "ingest", steps: [fetch, /* here */ prase, save] }?;
    let ingest = tokio::spawn(async move { ingest.run_once(1u32).await });
    println!("{:?}", ingest.await??);
    Ok(())
}
