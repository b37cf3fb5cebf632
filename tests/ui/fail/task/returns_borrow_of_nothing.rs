use async_orch::{pipeline, task};

#[task]
fn load() -> &str {
    "a"
}

fn main() {
    let _ = pipeline! { load };
}
//~ fn load() -> &str {
//~              ^
