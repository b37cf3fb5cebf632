use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { hedge(delay = 50ms) < one() > };
}
//~     let _ = pipeline! { hedge(delay = 50ms) < one() > };
//~                               ^^^^^
