use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        |text: String|
        seq <
            when(text.len()) < length(text.clone()) >
        >
    };
}
//~             when(text.len()) < length(text.clone()) >
//~                  ^^^^^^^^^^
