use async_orch::{pipeline, task};

#[task]
fn one() -> u32 {
    1
}

#[task]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn main() {
    let _ = pipeline! { |_: u32| seq < one add(_ + 1, 2) > };
}
//~     let _ = pipeline! { |_: u32| seq < one add(_ + 1, 2) > };
//~                                                ^
