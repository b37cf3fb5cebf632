// The same where the piped value stands among written arguments.
use async_orch::{pipeline, task};

struct Opaque;

#[task]
async fn open() -> Opaque {
    Opaque
}

#[task]
fn show<T: std::fmt::Display>(value: T, times: usize) -> String {
    value.to_string().repeat(times)
}

fn main() {
    let _ = pipeline! {
        seq < open show(_, 2) >
    };
}
//~         seq < open show(_, 2) >
//~                         ^
