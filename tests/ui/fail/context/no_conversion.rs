use async_orch::{pipeline, task};
use std::fmt;

#[derive(Debug)]
struct Mine;

impl fmt::Display for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mine")
    }
}

impl std::error::Error for Mine {}

#[task]
fn fetch(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

fn main() {
    let inner = pipeline! { |_: u32| fetch };
    let _p = pipeline! {
        error = Mine;
        |_: u32| async |n, cx| { Ok(cx.run(&inner, n).await?) }
    };
}
//~         |_: u32| async |n, cx| { Ok(cx.run(&inner, n).await?) }
//~                                            ^^^^^^
