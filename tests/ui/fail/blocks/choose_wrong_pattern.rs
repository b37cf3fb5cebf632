use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |n: Option<u32>|
        choose(*n) < Ok(k) => number(*k), _ => number(1) >
    };
}
//~         choose(*n) < Ok(k) => number(*k), _ => number(1) >
//~                      ^^^^^
