// `async` stands before the bars.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| seq < |n| async move { n + 1 } > };
}
//~     let _ = pipeline! { |_: u32| seq < |n| async move { n + 1 } > };
//~                                            ^^^^^
