use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let n = 2u64;
    let _ = pipeline! { |_: u32| par(limit = n) < double double > };
}
//~     let _ = pipeline! { |_: u32| par(limit = n) < double double > };
//~                                              ^
