use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _p = pipeline! { |_: u32| hedge(50ms) < length > };
}
//~     let _p = pipeline! { |_: u32| hedge(50ms) < length > };
//~                                                 ^^^^^^
