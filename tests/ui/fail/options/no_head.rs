use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { timeout < one() > };
}
//~     let _ = pipeline! { timeout < one() > };
//~                         ^^^^^^^
