use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let n = 3;
    let _ = pipeline! { |_: u32| when(n = 3) < double > };
}
//~     let _ = pipeline! { |_: u32| when(n = 3) < double > };
//~                                         ^
