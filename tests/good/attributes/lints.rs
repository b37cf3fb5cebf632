//! What a function allows or expects is so for its task.

use async_orch::{pipeline, task};

use crate::now;

#[task]
#[allow(non_snake_case, clippy::needless_return)]
fn Named(n: u32) -> u32 {
    return n;
}

#[task]
#[expect(non_upper_case_globals)]
fn constant<const n: usize>() -> usize {
    n
}

#[task]
#[expect(dead_code, reason = "nobody uses it")]
fn nobody(n: u32) -> u32 {
    n
}

#[task]
#[expect(unused_variables)]
#[allow(clippy::ptr_arg)]
async fn unused(n: u32, all: &Vec<u8>) -> u32 {
    1
}

#[task]
#[cfg_attr(all(), allow(dead_code))]
fn nobody_again() {}

#[test]
fn lints_are_as_the_function_says() {
    let all = vec![1];
    assert_eq!(now(pipeline! { |_: u32| seq < Named unused(_, &all) constant::<3>() > }.run(1)).unwrap(), 3);
}
