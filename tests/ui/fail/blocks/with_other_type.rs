use async_orch::{pipeline, task};
use std::time::Duration;

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| seq < with(Duration::from_secs(1)) < length > |n| { n + 1 } > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| seq < with(Duration::from_secs(1)) < length > |n| { n + 1 } > };
//~                                                ^^^^^^^^
