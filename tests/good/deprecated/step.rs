//! A step of a deprecated task is a use of it.

use async_orch::{pipeline, task};

use crate::now;

#[task]
#[deprecated]
fn old(n: u32) -> u32 {
    n
}

#[test]
fn a_step_is_a_use() {
    #[expect(deprecated)]
    let p = pipeline! { |_: u32| seq < old old(_) > };
    assert_eq!(now(p.run(3)).unwrap(), 3);
}
