// A function without `#[task]` as a step.
use async_orch::pipeline;

async fn fetch(id: u32) -> String {
    id.to_string()
}

fn main() {
    let _ = pipeline! { fetch(1) };
}
//~     let _ = pipeline! { fetch(1) };
//~                         ^^^^^
