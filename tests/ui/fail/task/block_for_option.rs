use async_orch::task;

#[task(retry = 3)]
fn load(n: u32) -> u32 {
    n
}

fn main() {}
//~ #[task(retry = 3)]
//~        ^^^^^
