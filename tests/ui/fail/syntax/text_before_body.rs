use async_orch::{pipeline, task};

#[task]
async fn fetch(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| seq "ingest" < fetch double > };
}
//~     let _ = pipeline! { |_: u32| seq "ingest" < fetch double > };
//~                                      ^^^^^^^^
