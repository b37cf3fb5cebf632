// Without `move`, a pipeline borrows what its steps mention and cannot outlive it.
use std::sync::Arc;

use async_orch::{pipeline, task};

#[task]
async fn fetch(client: Arc<String>) -> usize {
    client.len()
}

fn build(client: Arc<String>) -> impl async_orch::Run<In = (), Out = usize> {
    pipeline! { fetch(client.clone()) }
}

fn main() {
    build(Arc::default());
}
//~     pipeline! { fetch(client.clone()) }
//~                 ^^^^^
