use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |n: Option<u32>|
        choose(*n) < Some(k) if (*k + 1) => number(*k), _ => number(1) >
    };
}
//~         choose(*n) < Some(k) if (*k + 1) => number(*k), _ => number(1) >
//~                                 ^^^^^^^^
