use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let cell = std::cell::Cell::new(1);
    let _ = pipeline! { |_: u32| seq < double |n| { cell.set(n); n } > };
}
//~     let _ = pipeline! { |_: u32| seq < double |n| { cell.set(n); n } > };
//~                                               ^
