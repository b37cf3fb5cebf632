// The same through a method of the name.
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
            len(user.as_str())
        >
    };
}
//~             len(user.as_str())
//~                 ^^^^^^^^^^^^^
