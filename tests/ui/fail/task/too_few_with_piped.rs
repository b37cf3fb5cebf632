use async_orch::{pipeline, task};

#[task]
fn get() -> u32 {
    1
}

#[task]
fn save(_id: u32, _data: String) {}

fn main() {
    let _ = pipeline! { seq < get save(_) > };
}
//~     let _ = pipeline! { seq < get save(_) > };
//~                                   ^^^^
