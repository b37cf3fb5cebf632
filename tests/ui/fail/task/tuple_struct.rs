use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    struct Id(u32);
    let _ = pipeline! { |_: u32| seq < double Id > };
}
//~     let _ = pipeline! { |_: u32| seq < double Id > };
//~                                               ^^
