// Without a header the input is `()`.
use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> String {
    id.to_string()
}

fn main() {
    let _ = pipeline! { seq < fetch > };
}
//~     let _ = pipeline! { seq < fetch > };
//~                               ^^^^^
