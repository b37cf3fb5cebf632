use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |n: Option<u32>|
        choose(*n) { Some(k) => number(*k), None => number(0) }
    };
}
//~         choose(*n) { Some(k) => number(*k), None => number(0) }
//~                    ^
