use async_orch::{pipeline, task};

#[task]
fn load(n: u32) -> _ {
    n
}

fn main() {
    let _ = pipeline! { |_: u32| load };
}
//~ fn load(n: u32) -> _ {
//~                    ^
