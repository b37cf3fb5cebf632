// Items stand before the pipeline.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| seq < const LIMIT: u32 = 3; |n| { n + 1 } > };
}
//~     let _ = pipeline! { |_: u32| seq < const LIMIT: u32 = 3; |n| { n + 1 } > };
//~                                        ^^^^^
