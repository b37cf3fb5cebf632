//! A deprecated type that a function may use.

use async_orch::{pipeline, task};

use crate::now;

#[deprecated]
pub(crate) struct Old(u32);

#[task]
#[allow(deprecated)]
fn take(old: Old) -> u32 {
    old.0
}

#[task]
#[expect(deprecated)]
async fn make(n: u32) -> Option<Old> {
    Some(Old(n))
}

#[test]
#[allow(deprecated)]
fn what_the_function_may_the_task_may() {
    let p = pipeline! { |_: u32| seq < make |old| { old.unwrap_or(Old(0)) } take > };
    assert_eq!(now(p.run(3)).unwrap(), 3);
}
