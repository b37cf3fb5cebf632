use async_orch::{pipeline, task};

#[task]
async fn page(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! {
        |id: u32|
        seq <
            let first = page(*id)
            let second = _
            page(*first + *second)
        >
    };
}
//~             let second = _
//~                          ^
