use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |u32| double };
}
//~     let _ = pipeline! { |u32| double };
//~                          ^^^
