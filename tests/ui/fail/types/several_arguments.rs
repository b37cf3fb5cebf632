// A task of several parameters where one value is piped.
use async_orch::{pipeline, task};

#[task]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

fn main() {
    let _ = pipeline! { |_: u32| retry < add > };
}
//~     let _ = pipeline! { |_: u32| retry < add > };
//~                                          ^^^
