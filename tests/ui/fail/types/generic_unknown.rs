// A generic task whose type nothing says: write `read::<u32>(…)`.
use async_orch::{pipeline, task};

trait Format: Send + 'static {}

impl Format for u32 {}

#[task]
fn read<T: Format>(_text: &str) -> Option<T> {
    None
}

fn main() {
    let _ = pipeline! {
        seq < read("1") |_| { 1 } >
    };
}
//~         seq < read("1") |_| { 1 } >
//~               ^^^^
