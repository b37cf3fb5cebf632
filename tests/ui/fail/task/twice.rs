use async_orch::task;

#[task]
#[async_orch::task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    assert_eq!(double(1), 2);
}
//~ #[async_orch::task]
//~               ^^^^
