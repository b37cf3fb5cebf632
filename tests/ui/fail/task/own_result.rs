// A type of the user's that is called `Result`.
use async_orch::task;

enum Result<T, E> {
    Good(T),
    Bad(E),
}

#[task]
fn find(id: u32) -> Result<u32, String> {
    if id == 0 { Result::Bad(String::new()) } else { Result::Good(id) }
}

fn main() {
    let (Result::Good(_) | Result::Bad(_)) = find(1);
}
//~ fn find(id: u32) -> Result<u32, String> {
//~                     ^^^^^^^^^^^^^^^^^^^
