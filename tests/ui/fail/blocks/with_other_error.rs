use async_orch::{Error, Next, Once, Policy, pipeline, task};
use std::io;

/// For pipelines with one type of error alone.
struct Files;

impl<T: Send> Policy<T, io::Error, Once> for Files {
    async fn apply(&self, next: Next<'_, T, io::Error, Once>) -> Result<T, Error<io::Error>> {
        next.call_once().await
    }
}

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| with(&Files) < length > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| with(&Files) < length > };
//~                                          ^
