// A unit struct, as a child of a block.
use async_orch::{pipeline, task};

struct Token;

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { seq < par < one Token > |_| { 3 } > };
}

//~     let _ = pipeline! { seq < par < one Token > |_| { 3 } > };
//~                                         ^^^^^
