// The input cannot be sent between threads.
use std::rc::Rc;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |_: Rc<u32>|
        |id| { *id }
    };
}
//~         |_: Rc<u32>|
//~             ^^
