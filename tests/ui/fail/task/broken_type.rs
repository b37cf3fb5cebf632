use async_orch::task;

#[task]
fn load(list: Vec<u32) -> usize {
    list.len()
}

fn main() {}
//~ fn load(list: Vec<u32) -> usize {
//~                      ^
