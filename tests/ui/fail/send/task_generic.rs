// A generic task asks its types to be `Send` by itself.
use std::rc::Rc;

use async_orch::{pipeline, task};

#[task]
async fn show<T: std::fmt::Display>(value: T) -> String {
    value.to_string()
}

fn main() {
    let _ = pipeline! { show(Rc::new(1)) };
}
//~     let _ = pipeline! { show(Rc::new(1)) };
//~                              ^^^^^^^^^^
