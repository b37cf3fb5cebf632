// An inline step takes one value.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: (u32, u32)| seq < |a, b| { a + b } > };
}
//~     let _ = pipeline! { |_: (u32, u32)| seq < |a, b| { a + b } > };
//~                                                 ^
