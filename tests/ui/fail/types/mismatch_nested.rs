// The same inside nested blocks, and between them.
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
        seq <
            circuit(fail_max = 2) < name >
            seq <
                circuit < parse >
                len
            >
        >
    };
}
//~                 circuit < parse >
//~                           ^^^^^
