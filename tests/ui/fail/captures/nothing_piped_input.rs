use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |id: u32| seq < |n| { n.to_string() } double(*id) > };
}
//~     let _ = pipeline! { |id: u32| seq < |n| { n.to_string() } double(*id) > };
//~                                          ^
