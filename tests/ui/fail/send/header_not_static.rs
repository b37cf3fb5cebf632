// What the header owns cannot borrow.
use async_orch::{pipeline, task};

#[task]
async fn len(text: &str) -> usize {
    text.len()
}

fn main() {
    let text = String::new();
    let _ = pipeline! {
        let text = text.as_str();
        len(text)
    };
}
//~         let text = text.as_str();
//~                    ^^^^
