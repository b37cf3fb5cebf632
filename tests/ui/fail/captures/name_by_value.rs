// A name is a reference: a task takes a clone.
use async_orch::{pipeline, task};

#[task]
async fn user() -> String {
    String::new()
}

#[task]
async fn greet(_user: String) {}

fn main() {
    let _ = pipeline! {
        seq <
            let user = user
            greet(user)
        >
    };
}
//~             greet(user)
//~                   ^^^^
