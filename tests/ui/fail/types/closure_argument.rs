// An inline step uses its value as another type.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        seq < one |n| { n.next_page() } >
    };
}
//~         seq < one |n| { n.next_page() } >
//~                           ^^^^^^^^^
