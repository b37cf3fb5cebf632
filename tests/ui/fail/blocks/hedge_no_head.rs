use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { hedge(max_attempts = 3) < one() > };
}
//~     let _ = pipeline! { hedge(max_attempts = 3) < one() > };
//~                         ^^^^^
