use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { seq one one() > };
}
//~     let _ = pipeline! { seq one one() > };
//~                         ^^^
