use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |most: u32|
        retry(when = |e| e.attempts() < most) < number(1) >
    };
}
//~         retry(when = |e| e.attempts() < most) < number(1) >
//~                                         ^^^^
