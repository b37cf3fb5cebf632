// The body of an inline step has braces.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| seq < |n| n + 1 > };
}
//~     let _ = pipeline! { |_: u32| seq < |n| n + 1 > };
//~                                            ^
