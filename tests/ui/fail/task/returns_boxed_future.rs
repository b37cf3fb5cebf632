use async_orch::{pipeline, task};
use std::pin::Pin;

#[task]
fn load(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move { n })
}

fn main() {
    let _ = pipeline! { |_: u32| load };
}
//~ fn load(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
//~                    ^^^
