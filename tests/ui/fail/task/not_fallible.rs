// The step that uses a refused task is quiet.
use async_orch::{pipeline, task};

#[task(fallible)]
fn find(id: u32) -> Option<String> {
    Some(format!("#{id}"))
}

fn main() {
    let p = pipeline! { |_: u32| seq < find |text: String| { text.len() } > };
    drop(p.run(1));
}
//~ #[task(fallible)]
//~        ^^^^^^^^
