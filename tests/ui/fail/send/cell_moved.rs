use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let cell = std::cell::Cell::new(3u32);
    let _ = pipeline! { move |_: u32| seq < double |n| { cell.set(n); n } > };
}
//~     let _ = pipeline! { move |_: u32| seq < double |n| { cell.set(n); n } > };
//~                                                    ^
