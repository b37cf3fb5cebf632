use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |time: std::time::Duration|
        timeout(time) < number(1) >
    };
}
//~         timeout(time) < number(1) >
//~                 ^^^^
