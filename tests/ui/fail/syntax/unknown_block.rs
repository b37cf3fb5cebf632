use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { parallel < one() one() > };
}
//~     let _ = pipeline! { parallel < one() one() > };
//~                         ^^^^^^^^
