use async_orch::{Error, Failure, Next, Once, Policy, pipeline, task};

/// For pages alone.
struct Cache;

impl<E: Failure> Policy<String, E, Once> for Cache {
    async fn apply(&self, next: Next<'_, String, E, Once>) -> Result<String, Error<E>> {
        next.call_once().await
    }
}

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| with(Cache) < length > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| with(Cache) < length > };
//~                                          ^^^^^
