use async_orch::{pipeline, task};

#[task]
fn ids() -> Vec<u32> {
    vec![1, 2]
}

fn main() {
    let _ = pipeline! { |_: u32| seq < ids |list| { good: Vec<u32> = list.into_iter().collect(); good } > };
}
//~     let _ = pipeline! { |_: u32| seq < ids |list| { good: Vec<u32> = list.into_iter().collect(); good } > };
//~                                                     ^^^^
