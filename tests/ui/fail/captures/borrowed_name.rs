// A task cannot borrow a named output.
use async_orch::{pipeline, task};

#[task]
async fn user() -> String {
    String::new()
}

#[task]
async fn len(text: &str) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        seq <
            let user = user
            len(&user)
        >
    };
}
//~             len(&user)
//~                 ^^^^^
