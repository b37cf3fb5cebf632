use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |n: Option<u32>|
        choose(*n) < "none" => number(0), _ => number(1) >
    };
}
//~         choose(*n) < "none" => number(0), _ => number(1) >
//~                ^^
