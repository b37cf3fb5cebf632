use async_orch::{pipeline, task};

#[task]
async fn page(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq < page let id: u64 = _ |_| { *id } >
    };
}
//~         seq < page let id: u64 = _ |_| { *id } >
//~                                  ^
