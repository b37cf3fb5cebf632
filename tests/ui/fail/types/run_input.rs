// A run is given another input.
use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> String {
    id.to_string()
}

fn main() {
    let fetch = pipeline! { |_: u32| fetch };
    let _ = fetch.run("7");
}
//~     let _ = fetch.run("7");
//~                       ^^^
