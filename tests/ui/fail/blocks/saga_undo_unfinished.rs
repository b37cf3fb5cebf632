// A line that was not finished: the next step is no undo.

use async_orch::{pipeline, task};

#[task]
async fn charge() {}

#[task]
async fn ship() {}

fn main() {
    let _ = pipeline! {
        saga <
            charge undo
            ship
        >
    };
}
//~             charge undo
//~                    ^^^^
