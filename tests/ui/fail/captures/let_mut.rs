use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { |_: u32| seq < double let mut n = one |_| { n += 1; *n } > };
}
//~     let _ = pipeline! { |_: u32| seq < double let mut n = one |_| { n += 1; *n } > };
//~                                                   ^^^
