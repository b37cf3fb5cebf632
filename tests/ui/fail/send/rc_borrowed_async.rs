use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let rc = std::rc::Rc::new(1u32);
    let _ = pipeline! { |_: u32| seq < double async |n| { *rc + n } > };
}
//~     let _ = pipeline! { |_: u32| seq < double async |n| { *rc + n } > };
//~                                               ^^^^^
