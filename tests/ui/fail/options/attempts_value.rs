use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { retry(max_attempts = "three") < one() > };
}
//~     let _ = pipeline! { retry(max_attempts = "three") < one() > };
//~                                              ^^^^^^^
