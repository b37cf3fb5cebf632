// `_` stands for a value of another type than the parameter's.
use async_orch::{pipeline, task};

#[task]
async fn name() -> String {
    String::new()
}

#[task]
async fn store(_path: &'static str, _data: Vec<u8>) {}

fn main() {
    let _ = pipeline! {
        seq <
            name
            store("a.txt", _)
        >
    };
}
//~             store("a.txt", _)
//~                            ^
