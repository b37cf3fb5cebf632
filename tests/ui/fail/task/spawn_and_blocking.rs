use async_orch::task;

#[task(spawn, blocking)]
fn read(path: String) -> String {
    path
}

fn main() {
    let _ = read(String::new());
}
//~ #[task(spawn, blocking)]
//~        ^^^^^
