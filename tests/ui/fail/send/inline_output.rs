// An inline step that gives what cannot be sent between threads.
use std::rc::Rc;

use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq < |id| { Rc::new(id) } |id| { *id } >
    };
}
//~         seq < |id| { Rc::new(id) } |id| { *id } >
//~               ^
