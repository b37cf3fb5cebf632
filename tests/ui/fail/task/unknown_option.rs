use async_orch::task;

#[task(blockign)]
fn read(path: String) -> String {
    path
}

fn main() {
    let _ = read(String::new());
}
//~ #[task(blockign)]
//~        ^^^^^^^^
