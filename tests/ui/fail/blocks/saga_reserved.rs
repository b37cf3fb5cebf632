use async_orch::{pipeline, task};

#[task]
async fn saga(n: u32) -> u32 {
    n
}

fn main() {
    let _p = pipeline! { |_: u32| seq < saga > };
}
