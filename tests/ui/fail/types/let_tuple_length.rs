use async_orch::{pipeline, task};

#[task]
fn pair() -> (u32, u32) {
    (1, 2)
}

fn main() {
    let _ = pipeline! { seq < let (a, b, c) = pair |_| { *a + *b + *c } > };
}
//~     let _ = pipeline! { seq < let (a, b, c) = pair |_| { *a + *b + *c } > };
//~                                   ^^^^^^^^^
