use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| seq < double.then(double) > };
}
//~     let _ = pipeline! { |_: u32| seq < double.then(double) > };
//~                                              ^
