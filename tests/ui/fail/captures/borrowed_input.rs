// Nor the input.
use async_orch::{pipeline, task};

#[task]
async fn len(text: &str) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        |text: String|
        len(text)
    };
}
//~         len(text)
//~         ^^^^^^^^^
