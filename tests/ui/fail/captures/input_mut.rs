use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |mut id: u32| seq < double(2) |_| { id += 1; *id } > };
}
//~     let _ = pipeline! { |mut id: u32| seq < double(2) |_| { id += 1; *id } > };
//~                          ^^^
