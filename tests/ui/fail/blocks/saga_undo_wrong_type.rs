use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
async fn charge(cents: u32) -> Result<u64, std::io::Error> {
    Ok(cents.into())
}

fn main() {
    let _ = pipeline! { |_: u32| saga < charge undo double > };
}
//~     let _ = pipeline! { |_: u32| saga < charge undo double > };
//~                                                     ^^^^^^
