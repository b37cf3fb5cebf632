// A body has braces, whatever it is.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| seq < |n| if n > 3 { 1 } else { 2 } |n| { n } > };
}
//~     let _ = pipeline! { |_: u32| seq < |n| if n > 3 { 1 } else { 2 } |n| { n } > };
//~                                            ^^
