use async_orch::{pipeline, task};

#[task]
fn small(n: u32) -> u32 {
    n
}

#[task]
fn large(n: u32) -> u32 {
    n / 2
}

fn main() {
    let _ = pipeline! { |n: u32| choose(*n) < > 5 => large(*n), _ => small(*n) > };
}
//~     let _ = pipeline! { |n: u32| choose(*n) < > 5 => large(*n), _ => small(*n) > };
//~                                               ^
