// A task with two parameters, of which the piped value is only one.
use async_orch::{pipeline, task};

#[task]
async fn name() -> String {
    String::new()
}

#[task]
async fn save(_path: &'static str, _data: String) {}

fn main() {
    let _ = pipeline! {
        seq < name save >
    };
}
//~         seq < name save >
//~                    ^^^^
