use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

#[task]
async fn text(n: u32) -> String {
    n.to_string()
}

fn main() {
    let _p = pipeline! { |_: u32| race < number text > };
}
//~     let _p = pipeline! { |_: u32| race < number text > };
//~                                                 ^^^^
