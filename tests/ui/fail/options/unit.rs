use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { timeout(10sec) < one() > };
}
//~     let _ = pipeline! { timeout(10sec) < one() > };
//~                                 ^^^^^
