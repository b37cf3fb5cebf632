// A step that does not exist.
use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> String {
    id.to_string()
}

fn main() {
    let _ = fetch;
    let _ = pipeline! { fetsh(1) };
}
//~     let _ = pipeline! { fetsh(1) };
//~                         ^^^^^
