// The same of an async function.
use async_orch::task;

struct Found<T>(T);

#[task(fallible)]
async fn find(id: u32) -> Found<u32> {
    Found(id)
}

fn main() {
    drop(async { println!("{}", find(1).await.0) });
}
//~ async fn find(id: u32) -> Found<u32> {
//~                           ^^^^^^^^^^
