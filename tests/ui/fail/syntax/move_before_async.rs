use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let factor = 3;
    let _ = pipeline! { |_: u32| seq < double move async |n| { n * factor } > };
}
//~     let _ = pipeline! { |_: u32| seq < double move async |n| { n * factor } > };
//~                                               ^^^^
