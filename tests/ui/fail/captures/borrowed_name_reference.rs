// A name is a reference, and a task that takes one cannot be handed it.
use async_orch::{pipeline, task};

#[task]
async fn user() -> String {
    String::new()
}

#[task]
async fn len(text: &String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        seq <
            let user = user
            len(user)
        >
    };
}
//~             len(user)
//~             ^^^^^^^^^
