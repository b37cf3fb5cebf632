//! Deprecated under a condition.

use async_orch::{pipeline, task};

use crate::now;

#[task]
#[cfg_attr(all(), deprecated)]
fn old(n: u32) -> u32 {
    n
}

#[task]
#[cfg_attr(any(), deprecated)]
fn young(n: u32) -> u32 {
    n
}

#[test]
fn the_condition_counts() {
    assert_eq!(now(pipeline! { |_: u32| young }.run(1)).unwrap(), 1);
    #[expect(deprecated)]
    let p = pipeline! { |_: u32| old };
    assert_eq!(now(p.run(1)).unwrap(), 1);
}
