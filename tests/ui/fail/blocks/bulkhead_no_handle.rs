use async_orch::{Breaker, pipeline, task};

#[task]
async fn call() -> u32 {
    1
}

fn main() {
    let breaker = Breaker::new();
    let _ = pipeline! { bulkhead(bulkhead = &breaker) < call > };
}
//~     let _ = pipeline! { bulkhead(bulkhead = &breaker) < call > };
//~                                             ^^^^^^^^
