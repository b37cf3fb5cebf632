use async_orch::{Error, Failure, Next, Once, Policy, pipeline, task};

struct Passes;

impl<T: Send, E: Failure> Policy<T, E, Once> for Passes {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        next.call_once().await
    }
}

#[task]
async fn charge() -> u32 {
    1
}

#[task]
async fn refund(_charge: u32) {}

fn main() {
    let p = pipeline! { with(Passes) < saga < charge undo refund > > };
    let _ = p.run(());
}
//~     let p = pipeline! { with(Passes) < saga < charge undo refund > > };
//~                                        ^^^^
