//! Functions of other kinds: `const`, `extern`.

use async_orch::{pipeline, task};

use crate::now;

#[task]
const fn constant(n: u32) -> u32 {
    n * 2
}

#[task]
extern "C" fn foreign(n: u32) -> u32 {
    n + 1
}

#[task(blocking)]
extern "C" fn blocking(n: u32) -> u32 {
    n + 1
}

const FOUR: u32 = constant(2);

#[test]
fn a_function_keeps_its_kind() {
    let function: extern "C" fn(u32) -> u32 = foreign;
    assert_eq!(function(FOUR), 5);
    assert_eq!(now(pipeline! { |_: u32| seq < constant foreign blocking > }.run(1)).unwrap(), 4);
}
