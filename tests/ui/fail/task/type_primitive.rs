// A conversion is no step by itself.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u8| timeout(1s) < u32 > };
}

//~     let _ = pipeline! { |_: u8| timeout(1s) < u32 > };
//~                                               ^^^
