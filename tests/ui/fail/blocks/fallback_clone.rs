use async_orch::{pipeline, task};

struct Once;

#[task]
async fn take(_once: Once) -> u32 {
    1
}

fn main() {
    let _p = pipeline! { |_: Once| fallback < take take > };
}
//~     let _p = pipeline! { |_: Once| fallback < take take > };
//~                                               ^^^^
