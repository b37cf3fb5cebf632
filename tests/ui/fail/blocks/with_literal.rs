use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| with(3) < length > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| with(3) < length > };
//~                                          ^
