// A saga has no such option.

use async_orch::{pipeline, task};

#[task]
async fn charge() {}

fn main() {
    let _ = pipeline! { saga(limit = 3) < charge > };
}
//~     let _ = pipeline! { saga(limit = 3) < charge > };
//~                              ^^^^^
