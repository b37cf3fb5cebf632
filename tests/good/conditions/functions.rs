//! On a task, above and below the attribute.

use async_orch::{pipeline, task};

use crate::now;

#[cfg(any())]
#[task]
fn above() -> Missing {}

#[cfg(not(any()))]
#[task]
fn above() -> u32 {
    1
}

#[task]
#[cfg(any())]
fn below() -> Missing {}

#[task]
#[cfg_attr(all(), cfg(not(any())))]
fn below() -> u32 {
    2
}

#[task]
#[cfg_attr(all(), inline, cfg(any()))]
fn in_a_list() -> Missing {}

#[cfg_attr(all(), task)]
fn in_a_list() -> u32 {
    3
}

#[cfg_attr(any(), task)]
fn no_task() -> u32 {
    4
}

#[test]
fn a_task_that_is_compiled_out_is_none() {
    assert_eq!(
        now(pipeline! { par < above below in_a_list |_| { no_task() } > }.run(())).unwrap(),
        (1, 2, 3, 4)
    );
}
