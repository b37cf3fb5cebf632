// With `move`, the first step takes the variable. What several steps need belongs into the header:
// `let client = client;`.
use std::sync::Arc;

use async_orch::{pipeline, task};

#[task]
async fn fetch(client: Arc<String>) -> usize {
    client.len()
}

fn build(client: Arc<String>) -> impl async_orch::Run<In = (), Out = (usize, usize)> {
    pipeline! {
        move
        par < fetch(client.clone()) fetch(client.clone()) >
    }
}

fn main() {
    build(Arc::default());
}
//~         par < fetch(client.clone()) fetch(client.clone()) >
//~                                     ^^^^^
