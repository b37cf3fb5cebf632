use async_orch::{pipeline, task};

#[task]
async fn fetch(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

#[task]
fn ids() -> Vec<u32> {
    vec![1, 2]
}

fn main() {
    let _ = pipeline! { seq < ids each |id| < fetch(*id) > > };
}
//~     let _ = pipeline! { seq < ids each |id| < fetch(*id) > > };
//~                                        ^^^^
