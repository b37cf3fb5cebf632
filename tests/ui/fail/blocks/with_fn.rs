use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    async fn policy() {}
    let _ = pipeline! { |_: u32| with(policy) < fetch > };
}
//~     let _ = pipeline! { |_: u32| with(policy) < fetch > };
//~                                       ^^^^^^
