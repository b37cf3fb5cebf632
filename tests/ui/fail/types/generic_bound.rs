// The piped value does not have the trait that a generic task asks for.
use async_orch::{pipeline, task};

struct Opaque;

#[task]
async fn open() -> Opaque {
    Opaque
}

#[task]
fn show<T: std::fmt::Display>(value: T) -> String {
    value.to_string()
}

fn main() {
    let _ = pipeline! {
        seq < open show >
    };
}
//~         seq < open show >
//~                    ^^^^
