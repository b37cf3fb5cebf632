use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let rc = std::rc::Rc::new(3u32);
    let _ = pipeline! { move |n: u32| par(limit = (*n + *rc) as usize) < double(1) double(2) > };
}
//~     let _ = pipeline! { move |n: u32| par(limit = (*n + *rc) as usize) < double(1) double(2) > };
//~                                                   ^^^^^^^^^^
