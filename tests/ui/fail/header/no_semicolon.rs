use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! {
        let id = 1
        fetch(id)
    };
}
//~         let id = 1
//~                  ^
