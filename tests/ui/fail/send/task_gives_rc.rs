// What a task gives cannot be sent between threads, and a later step takes it.
use std::rc::Rc;

use async_orch::{pipeline, task};

#[task]
fn share(n: u32) -> Rc<u32> {
    Rc::new(n)
}

fn main() {
    let _ = pipeline! { |_: u32| seq < share |shared| { *shared + 1 } > };
}
//~     let _ = pipeline! { |_: u32| seq < share |shared| { *shared + 1 } > };
//~                                        ^^^^^
