// An option that it does not have.
use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| delay(buy = 10ms) < double > };
}
//~     let _ = pipeline! { |_: u32| delay(buy = 10ms) < double > };
//~                                        ^^^
