use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        |text: String|
        seq <
            when(text.is_empty()) < |_| { 0 } > else < length(text.clone()) >
        >
    };
}
//~             when(text.is_empty()) < |_| { 0 } > else < length(text.clone()) >
//~                                                 ^^^^
