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
    let _ = pipeline! { seq < each id in ids < fetch(id) > > };
}
//~     let _ = pipeline! { seq < each id in ids < fetch(id) > > };
//~                                    ^^^^^^^^^
