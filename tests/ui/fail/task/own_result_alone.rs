// And one without parameters.
use async_orch::{pipeline, task};

enum Result {
    Good,
    Bad,
}

#[task]
async fn find(id: u32) -> Result {
    if id == 0 { Result::Bad } else { Result::Good }
}

fn main() {
    drop(find(1));
    let p = pipeline! { |_: u32| seq < find |found| { matches!(found, Result::Good) } > };
    drop(p.run(1));
}
//~ async fn find(id: u32) -> Result {
//~                           ^^^^^^
