// Of the attributes, a condition alone means something here.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! { |_: u32| seq < #[allow(unused)] one > };
}
//~     let _ = pipeline! { |_: u32| seq < #[allow(unused)] one > };
//~                                        ^
