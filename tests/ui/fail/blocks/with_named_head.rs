use async_orch::{Error, Failure, Next, Once, Policy, pipeline, task};

struct Passes;

impl<T: Send, E: Failure> Policy<T, E, Once> for Passes {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        next.call_once().await
    }
}

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! { |_: String| with(policy = Passes) < length > };
}
//~     let _ = pipeline! { |_: String| with(policy = Passes) < length > };
//~                                          ^^^^^^
