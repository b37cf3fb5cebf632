// An argument of an undo that borrows what does not last, and mentions a name of the saga.

use async_orch::{pipeline, task};

#[task]
async fn charge(key: usize) -> usize {
    key
}

#[task]
async fn refund(key: &str) {
    println!("{key}");
}

fn main() {
    let text = "abc".to_owned();
    let text = text.as_str();
    let _ = pipeline! {
        saga <
            let key = |_| { 1 }
            charge(*key) undo refund(&text[*key..])
        >
    };
}
//~     let text = text.as_str();
//~                ^^^^
