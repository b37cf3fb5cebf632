use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn multiply(n: u32, by: u32) -> u32 {
    n * by
}

fn main() {
    let factor = 3;
    let _ = pipeline! { |_: u32| seq < double move multiply(_, factor) > };
}
//~     let _ = pipeline! { |_: u32| seq < double move multiply(_, factor) > };
//~                                               ^^^^
