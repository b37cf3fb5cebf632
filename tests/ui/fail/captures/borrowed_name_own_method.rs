// The same through a method that the macro does not know.
use async_orch::{pipeline, task};

struct User {
    name: String,
}

impl User {
    fn name(&self) -> &str {
        &self.name
    }
}

#[task]
async fn user() -> User {
    User { name: String::new() }
}

#[task]
async fn len(text: &str) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        seq <
            let user = user
            len(user.name())
        >
    };
}
//~             len(user.name())
//~             ^^^^^^^^^^^^^^^^
