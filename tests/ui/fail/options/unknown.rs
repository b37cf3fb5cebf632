use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { par(max = 2) < one() one() > };
}
//~     let _ = pipeline! { par(max = 2) < one() one() > };
//~                             ^^^
