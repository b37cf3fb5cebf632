// The input has a name, so that nothing is piped into the `each`.
use async_orch::{pipeline, task};

#[task]
async fn show(_n: u32) {}

fn main() {
    let _ = pipeline! {
        |ids: Vec<u32>|
        retry < each(limit = 2) < show > >
    };
}
//~         retry < each(limit = 2) < show > >
//~                 ^^^^
