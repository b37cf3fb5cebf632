use std::error::Error;

use async_orch::{pipeline, task};

#[task]
async fn load(n: u32) -> Result<u32, Box<dyn Error>> {
    Ok(n.to_string().parse()?)
}

fn main() {
    let _ = pipeline! { |_: u32| seq < load |n| { n + 1 } > };
}
//~     let _ = pipeline! { |_: u32| seq < load |n| { n + 1 } > };
//~                                        ^^^^
