// A `>` is missing, and the layout says of which block.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq <
            one
            par <
                one()
                one()
            circuit <
                one()
            >
        >
    };
}
//~             par <
//~                 ^
