// An async inline step that is not `Send`.
use std::rc::Rc;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |_: u32|
        async |id| {
            let id = Rc::new(id);
            tokio::task::yield_now().await;
            *id
        }
    };
}
//~         async |id| {
//~         ^^^^^
