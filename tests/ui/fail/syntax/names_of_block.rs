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
    let _ = pipeline! { seq < par < one one > as (a, b) add(*a, *b) > };
}
//~     let _ = pipeline! { seq < par < one one > as (a, b) add(*a, *b) > };
//~                                               ^^
