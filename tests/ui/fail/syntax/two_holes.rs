// The piped value is there once.
use async_orch::{pipeline, task};

#[task]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn main() {
    let _ = pipeline! { |_: u32| add(_, _) };
}
//~     let _ = pipeline! { |_: u32| add(_, _) };
//~                                         ^
