// The same with a name in it.
use std::rc::Rc;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |id: u32|
        async |()| {
            let id = Rc::new(*id);
            tokio::task::yield_now().await;
            *id
        }
    };
}
//~         async |()| {
//~         ^^^^^
