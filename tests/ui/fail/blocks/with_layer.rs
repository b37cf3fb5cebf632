use async_orch::{pipeline, task};
use std::time::Duration;
use tower::timeout::TimeoutLayer;

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| with(TimeoutLayer::new(Duration::from_secs(1))) < length > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| with(TimeoutLayer::new(Duration::from_secs(1))) < length > };
//~                                          ^^^^^^^^^^^^
