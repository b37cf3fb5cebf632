// So is a `match`, with what is called on it.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! { |_: u32| seq < one match 1 { 1 => { one } _ => { one } }.await? one > };
}
//~     let _ = pipeline! { |_: u32| seq < one match 1 { 1 => { one } _ => { one } }.await? one > };
//~                                            ^^^^^
