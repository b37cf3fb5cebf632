use async_orch::{pipeline, task};

#[task]
async fn poll(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        repeat(max_rounds = 5) < poll |n| { n + 1 } >
    };
}
//~         repeat(max_rounds = 5) < poll |n| { n + 1 } >
//~                                       ^
