use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _p = pipeline! { |_: u32| race(limit = 2) < number number > };
}
//~     let _p = pipeline! { |_: u32| race(limit = 2) < number number > };
//~                                        ^^^^^
