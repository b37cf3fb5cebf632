// Another name of a type of another crate.
use async_orch::pipeline;

type Ids = Vec<u32>;

fn main() {
    let _ = pipeline! { Ids() };
}

//~     let _ = pipeline! { Ids() };
//~                         ^^^
