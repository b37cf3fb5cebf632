// Inside of the function, its name is the type, and no longer the crate.
use async_orch::task;

#[task]
fn tokio(id: u32) -> u32 {
    drop(tokio::spawn(async {}));
    id
}

fn main() {
    tokio(1);
}
//~     drop(tokio::spawn(async {}));
//~          ^^^^^
