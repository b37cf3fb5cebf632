use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        |text: String|
        when(text.is_empty(), limit = 3) < length(text.clone()) >
    };
}
//~         when(text.is_empty(), limit = 3) < length(text.clone()) >
//~                               ^^^^^
