use async_orch::task;

#[task(spawn)]
async fn len(text: &str) -> usize {
    text.len()
}

fn main() {
    let _ = len("");
}
//~ async fn len(text: &str) -> usize {
//~                    ^
