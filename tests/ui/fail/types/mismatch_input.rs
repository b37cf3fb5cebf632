// The header's input is not what the first step takes.
use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> String {
    id.to_string()
}

fn main() {
    let _ = pipeline! {
        |_: String|
        fetch
    };
}
//~         fetch
//~         ^^^^^
