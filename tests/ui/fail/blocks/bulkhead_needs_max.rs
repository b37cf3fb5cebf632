use async_orch::{pipeline, task};

#[task]
async fn call() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { bulkhead < call > };
}
//~     let _ = pipeline! { bulkhead < call > };
//~                         ^^^^^^^^
