// A step runs more than once, so it cannot give away what it captures.
use async_orch::{pipeline, task};

#[task]
async fn save(data: String) -> usize {
    data.len()
}

fn main() {
    let data = String::new();
    let _ = pipeline! { move save(data) };
}
//~     let _ = pipeline! { move save(data) };
//~                                   ^^^^
