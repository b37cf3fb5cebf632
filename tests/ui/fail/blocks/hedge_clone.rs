use async_orch::{pipeline, task};

struct Once;

#[task]
async fn take(_once: Once) -> u32 {
    1
}

fn main() {
    let _p = pipeline! { |_: Once| hedge(50ms) < take > };
}
//~     let _p = pipeline! { |_: Once| hedge(50ms) < take > };
//~                                    ^^^^^
