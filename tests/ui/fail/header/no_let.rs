use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { factor = 3; move |_: u32| seq < double |n| { n * *factor } > };
}
//~     let _ = pipeline! { factor = 3; move |_: u32| seq < double |n| { n * *factor } > };
//~                         ^^^^^^
