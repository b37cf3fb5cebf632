// `#[task]` makes a type of the function's name.
use async_orch::task;

#[allow(non_camel_case_types)]
struct fetch {}

#[task]
async fn fetch(id: u32) -> String {
    id.to_string()
}

fn main() {}
//~ async fn fetch(id: u32) -> String {
//~          ^^^^^
