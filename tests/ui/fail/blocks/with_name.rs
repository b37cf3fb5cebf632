// A policy that is a name of the pipeline, which is a reference to what lives as long as the run.

use async_orch::{Error, Failure, Next, Once, Policy, pipeline, task};

struct Audit;

impl<T: Send, E: Failure> Policy<T, E, Once> for Audit {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        next.call_once().await
    }
}

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { let audit = Audit; |_: u32| with(audit) < double > };
}
//~     let _ = pipeline! { let audit = Audit; |_: u32| with(audit) < double > };
//~                                                          ^^^^^
