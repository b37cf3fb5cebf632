use async_orch::tower::{BodyError, Call, Succeeded, tower};
use async_orch::{Again, pipeline, task};
use std::future::{Ready, ready};
use tower::retry::{Policy, RetryLayer};

#[derive(Clone)]
struct Always;

impl Policy<Call<Again>, Succeeded, BodyError> for Always {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Call<Again>, _: &mut Result<Succeeded, BodyError>) -> Option<Ready<()>> {
        Some(ready(()))
    }

    fn clone_request(&mut self, call: &Call<Again>) -> Option<Call<Again>> {
        Some(call.clone())
    }
}

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| with(tower(RetryLayer::new(Always))) < length > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| with(tower(RetryLayer::new(Always))) < length > };
//~                                          ^^^^^
