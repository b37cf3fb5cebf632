use async_orch::task;

#[task]
fn load(n u32) -> u32 {
    n
}

fn main() {}
//~ fn load(n u32) -> u32 {
//~           ^^^
