use async_orch::task;

#[task(blocking)]
async fn read(path: String) -> String {
    path
}

fn main() {
    let _ = read(String::new());
}
//~ #[task(blocking)]
//~        ^^^^^^^^
