use async_orch::{pipeline, task};
use std::rc::Rc;

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| with(Rc::new(1)) < length > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| with(Rc::new(1)) < length > };
//~                                          ^^
