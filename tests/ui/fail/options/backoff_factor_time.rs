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
    let _ = pipeline! { |_: u32| retry(backoff = exponential(100ms, 2s)) < small > };
}
//~     let _ = pipeline! { |_: u32| retry(backoff = exponential(100ms, 2s)) < small > };
//~                                                                     ^^
