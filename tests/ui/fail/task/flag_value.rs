use async_orch::task;

#[task(blocking = true)]
fn load(n: u32) -> u32 {
    n
}

fn main() {}
//~ #[task(blocking = true)]
//~                 ^
