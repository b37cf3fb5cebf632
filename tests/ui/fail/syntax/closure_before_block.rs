use async_orch::{pipeline, task};

#[task]
async fn page(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! {
        |_: Vec<u32>|
        each < |id| seq < page(id) page(id) > >
    };
}
//~         each < |id| seq < page(id) page(id) > >
//~                     ^^^
