use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let p = pipeline! { |_: String| seq < with(async |next| next.call().await) < length > |n| { n + 1 } > };
    let _ = p.run("seven".to_owned());
}
//~     let p = pipeline! { |_: String| seq < with(async |next| next.call().await) < length > |n| { n + 1 } > };
//~                                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
