// The items are of another type than the body takes.
use async_orch::{pipeline, task};

#[task]
async fn list() -> Vec<String> {
    Vec::new()
}

#[task]
async fn show(_n: u32) {}

fn main() {
    let _ = pipeline! {
        seq < list each(limit = 2) < show > >
    };
}
//~         seq < list each(limit = 2) < show > >
//~                                      ^^^^
