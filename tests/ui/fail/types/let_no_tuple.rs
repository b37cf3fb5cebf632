use async_orch::{pipeline, task};

#[task]
fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { seq < let (a, b) = one |_| { *a + *b } > };
}
//~     let _ = pipeline! { seq < let (a, b) = one |_| { *a + *b } > };
//~                                   ^^^^^^
