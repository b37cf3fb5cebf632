use async_orch::task;

#[task]
#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    assert_eq!(double(1), 2);
}
//~ #[task]
//~   ^^^^
