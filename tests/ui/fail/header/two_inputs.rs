use async_orch::{pipeline, task};

#[task]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn main() {
    let _ = pipeline! { |a: u32, b: u32| add(*a, *b) };
}
//~     let _ = pipeline! { |a: u32, b: u32| add(*a, *b) };
//~                                ^
