use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let rc = std::rc::Rc::new(3u32);
    let _ = pipeline! { move |_: u32| when(|n| *n > *rc) < double > };
}
//~     let _ = pipeline! { move |_: u32| when(|n| *n > *rc) < double > };
//~                                            ^
