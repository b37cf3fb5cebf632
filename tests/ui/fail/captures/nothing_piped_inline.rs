use async_orch::{pipeline, task};

#[task]
fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { seq < let id = one |n| { n + 1 } > };
}
//~     let _ = pipeline! { seq < let id = one |n| { n + 1 } > };
//~                                             ^
