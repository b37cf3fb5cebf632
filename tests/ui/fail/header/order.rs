// `move` stands before the input.
use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! { |_: u32| move fetch };
}
//~     let _ = pipeline! { |_: u32| move fetch };
//~                                  ^^^^
