// A run of a pipeline that borrows cannot be spawned.
use std::sync::Arc;

use async_orch::{pipeline, task};

#[task]
async fn fetch(client: Arc<String>) -> usize {
    client.len()
}

#[tokio::main]
async fn main() {
    let client = Arc::new(String::new());
    let pipeline = pipeline! { fetch(client.clone()) };
    tokio::spawn(async move { pipeline.run(()).await });
}
//~     let pipeline = pipeline! { fetch(client.clone()) };
//~                                ^^^^^
