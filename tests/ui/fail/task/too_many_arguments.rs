use async_orch::{pipeline, task};

#[task]
async fn save(_path: &'static str) {}

fn main() {
    let _ = pipeline! {
        seq < save("a.txt", 1) >
    };
}
//~         seq < save("a.txt", 1) >
//~               ^^^^
