// Generic arguments are given by turbofish.
use async_orch::{pipeline, task};

#[task]
fn zero<T: Default + 'static>() -> T {
    T::default()
}

fn main() {
    let _ = pipeline! { zero<u8>() };
}
//~     let _ = pipeline! { zero<u8>() };
//~                         ^^^^
