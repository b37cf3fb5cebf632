// What the option says is not so.
use async_orch::{pipeline, task};

struct Found(u32);

#[task(fallible)]
fn find(id: u32) -> Found {
    Found(id)
}

fn main() {
    println!("{}", find(1).0);
    let p = pipeline! { |_: u32| seq < find |found| { found.0 } par < find(1) find(_) > > };
    drop(p.run(1));
}
//~ fn find(id: u32) -> Found {
//~                     ^^^^^
