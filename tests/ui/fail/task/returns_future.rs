use async_orch::task;

#[task]
fn fetch(id: u32) -> impl Future<Output = String> {
    async move { id.to_string() }
}

fn main() {
    let _ = fetch(1);
}
//~ fn fetch(id: u32) -> impl Future<Output = String> {
//~                      ^^^^
