use async_orch::{pipeline, task};

#[task]
async fn fetch() -> u32 {
    7
}

fn main() {
    let _ = pipeline! { with < fetch > };
}
//~     let _ = pipeline! { with < fetch > };
//~                         ^^^^
