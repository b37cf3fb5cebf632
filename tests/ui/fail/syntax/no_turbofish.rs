use async_orch::{pipeline, task};

#[task]
fn parse<T: std::str::FromStr + Send + 'static>(text: String) -> Option<T> {
    text.parse().ok()
}

fn main() {
    let _ = pipeline! { |_: String| seq < parse<Vec<u8>> |list| { list } > };
}
//~     let _ = pipeline! { |_: String| seq < parse<Vec<u8>> |list| { list } > };
//~                                           ^^^^^
