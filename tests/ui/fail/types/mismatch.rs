// The second step takes another type than the first gives.
use async_orch::{pipeline, task};

struct Bytes;

#[task]
async fn name() -> String {
    String::new()
}

#[task]
async fn parse(_bytes: Bytes) -> Vec<u8> {
    Vec::new()
}

#[task]
fn len(bytes: Vec<u8>) -> usize {
    bytes.len()
}

fn main() {
    let _ = pipeline! {
        seq < name parse len >
    };
}
//~         seq < name parse len >
//~                    ^^^^^
