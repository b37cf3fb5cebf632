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
    let _ = pipeline! { |_: u32| timeout(1s): small };
}
//~     let _ = pipeline! { |_: u32| timeout(1s): small };
//~                                            ^
