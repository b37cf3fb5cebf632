use async_orch::{pipeline, task};

#[task]
async fn save(_path: &'static str, _data: String) {}

fn main() {
    let _ = pipeline! {
        seq < save("a.txt", 1) >
    };
}
//~         seq < save("a.txt", 1) >
//~                             ^
