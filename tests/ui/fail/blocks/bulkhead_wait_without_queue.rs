use async_orch::{pipeline, task};

#[task]
async fn call() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { bulkhead(max = 3, max_wait = 2s) < call > };
}
//~     let _ = pipeline! { bulkhead(max = 3, max_wait = 2s) < call > };
//~                                           ^^^^^^^^
