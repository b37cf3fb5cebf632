use async_orch::{pipeline, task};

#[task]
fn len(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! { |_: String| len(&_) };
}
//~     let _ = pipeline! { |_: String| len(&_) };
//~                                          ^
