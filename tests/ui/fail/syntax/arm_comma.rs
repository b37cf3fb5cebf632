use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |n: Option<u32>|
        choose((n, 1)) < (Some(k), _) => number (None, _) => number(0) >
    };
}
//~         choose((n, 1)) < (Some(k), _) => number (None, _) => number(0) >
//~                                                 ^^^^^^^^^
