use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! { |id| seq < fetch(id) > };
}
//~     let _ = pipeline! { |id| seq < fetch(id) > };
//~                          ^^
