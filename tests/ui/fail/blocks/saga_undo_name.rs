// An undo that keeps a name whose value cannot be cloned.

use async_orch::{pipeline, task};

struct Key(u32);

#[task]
async fn key() -> Key {
    Key(7)
}

#[task]
async fn charge(key: u32) -> u32 {
    key
}

fn main() {
    let _ = pipeline! {
        saga <
            let key = key
            charge(key.0) undo |cents| { println!("{cents} for {}", key.0) }
        >
    };
}
//~             charge(key.0) undo |cents| { println!("{cents} for {}", key.0) }
//~                                                                     ^^^
