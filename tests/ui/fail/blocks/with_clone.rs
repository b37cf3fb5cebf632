use async_orch::{Error, Failure, Next, Policy, pipeline, task};

struct Twice;

impl<T: Send, E: Failure> Policy<T, E> for Twice {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        match next.call().await {
            Err(_) => next.call_once().await,
            result => result,
        }
    }
}

struct Order;

#[task]
async fn send(_order: Order) {}

fn main() {
    let _ = pipeline! { |_: Order| with(Twice) < send > };
}
//~     let _ = pipeline! { |_: Order| with(Twice) < send > };
//~                                    ^^^^
