use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { circuit(reset_timeuot = 10s) < one() > };
}
//~     let _ = pipeline! { circuit(reset_timeuot = 10s) < one() > };
//~                                 ^^^^^^^^^^^^^
