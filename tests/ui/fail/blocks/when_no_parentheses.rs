use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        |text: String|
        when text.len() > 9 < length(text.clone()) >
    };
}
//~         when text.len() > 9 < length(text.clone()) >
//~              ^^^^^^^^^^^^^^
