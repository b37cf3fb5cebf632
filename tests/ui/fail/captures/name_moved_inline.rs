// Nor can an inline step take it.
use async_orch::{pipeline, task};

#[task]
async fn user() -> String {
    String::new()
}

fn keep(_user: String) {}

fn main() {
    let _ = pipeline! {
        seq <
            let user = user
            |()| { keep(user) }
        >
    };
}
//~             |()| { keep(user) }
//~                         ^^^^
