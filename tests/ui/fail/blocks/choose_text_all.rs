use async_orch::{pipeline, task};

#[task]
async fn ping() {}

fn main() {
    let _ = pipeline! { |word: String| choose(word) < "a" => ping > };
}
//~     let _ = pipeline! { |word: String| choose(word) < "a" => ping > };
//~                                               ^^^^
