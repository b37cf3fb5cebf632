use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { seq < let a | b = one double(*a) > };
}
//~     let _ = pipeline! { seq < let a | b = one double(*a) > };
//~                                     ^
