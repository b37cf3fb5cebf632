// One of the children of a `par` does not take what all are given.
use async_orch::{pipeline, task};

#[task]
async fn id() -> u32 {
    1
}

#[task]
async fn user(id: u32) -> u32 {
    id
}

#[task]
async fn orders(_name: String) -> u32 {
    2
}

fn main() {
    let _ = pipeline! {
        seq < id par < user orders > >
    };
}
//~         seq < id par < user orders > >
//~                             ^^^^^^
