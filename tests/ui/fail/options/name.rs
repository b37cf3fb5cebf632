use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let name = "all";
    let _ = pipeline! { seq(name = name) < one() > };
}
//~     let _ = pipeline! { seq(name = name) < one() > };
//~                                    ^^^^
