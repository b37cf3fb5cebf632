//! Modules that are called as crates, and crates that are called otherwise.

use ::async_orch as orch;
use ::async_orch::{pipeline, task};

use crate::now;

mod core {
    pub(super) const NOTHING: u8 = 0;
}
mod std {}
mod alloc {}
mod tokio {}
mod async_orch {
    pub(super) struct Error;
}

#[task]
async fn one(n: u32) -> ::std::io::Result<u32> {
    Ok(n + u32::from(core::NOTHING))
}

#[task(crate = orch)]
fn two(n: u32) -> u32 {
    let _ = async_orch::Error;
    n
}

#[test]
fn paths_of_ours_begin_at_the_crates() {
    assert_eq!(
        now(pipeline! { |_: u32| retry < timeout(1s) < seq < one two |n| { n } > > > }.run(1)).unwrap(),
        1
    );
    assert_eq!(now(pipeline! { crate = orch; |_: u32| seq < one async |n| { n } > }.run(1)).unwrap(), 1);
}
