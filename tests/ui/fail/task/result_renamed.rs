// An import under another name is as little known.
use async_orch::{pipeline, task};
use std::result::Result as R;

#[task(blocking)]
fn save(text: String) -> R<usize, std::io::Error> {
    Ok(text.len())
}

fn main() {
    drop(save(String::new()));
    let p = pipeline! { |_: String| seq < save |bytes: usize| { bytes + 1 } > };
    drop(p.run(String::new()));
}
//~ fn save(text: String) -> R<usize, std::io::Error> {
//~                          ^^^^^^^^^^^^^^^^^^^^^^^^
