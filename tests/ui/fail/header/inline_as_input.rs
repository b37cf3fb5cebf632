// The first bars declare the input.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |n: u32| { n + 1 } };
}
//~     let _ = pipeline! { |n: u32| { n + 1 } };
//~                         ^
