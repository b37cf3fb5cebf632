// A shared breaker has its settings already.
use async_orch::{Breaker, pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let breaker = Breaker::builder().build();
    let _ = pipeline! { circuit(breaker = breaker, fail_max = 2) < one() > };
}
//~     let _ = pipeline! { circuit(breaker = breaker, fail_max = 2) < one() > };
//~                                                    ^^^^^^^^
