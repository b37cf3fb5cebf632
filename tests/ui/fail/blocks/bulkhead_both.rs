use async_orch::{Bulkhead, pipeline, task};

#[task]
async fn call() -> u32 {
    1
}

fn main() {
    let places = Bulkhead::new(3);
    let _ = pipeline! { bulkhead(bulkhead = &places, queue = 5) < call > };
}
//~     let _ = pipeline! { bulkhead(bulkhead = &places, queue = 5) < call > };
//~                                                      ^^^^^
