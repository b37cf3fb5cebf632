use async_orch::{pipeline, task};

#[task(durable)]
async fn charge(cents: u32) -> Result<u32, std::io::Error> {
    Ok(cents)
}

fn main() {
    let _ = pipeline! { |_: u32| retry < charge > };
}
