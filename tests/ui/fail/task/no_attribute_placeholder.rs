use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn load(n: u32) -> u32 {
    n
}

fn main() {
    load(1);
    let _ = pipeline! { |_: u32| seq < double load(_) > };
}
//~     let _ = pipeline! { |_: u32| seq < double load(_) > };
//~                                               ^^^^
