use async_orch::{pipeline, task};

#[task]
async fn length(text: &'a str) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! { length("as long as it takes") };
}
//~ async fn length(text: &'a str) -> usize {
//~                        ^^
