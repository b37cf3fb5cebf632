//! On the parameters of a task.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn without(n: u32, #[cfg(any())] m: Missing) -> u32 {
    n
}

#[task]
async fn measured(
    n: u32,
    #[cfg(not(any()))] m: &str,
    #[cfg(any())] o: Missing,
) -> Result<u32, std::fmt::Error> {
    Ok(n + m.len() as u32)
}

#[task]
fn either(#[cfg(any())] n: Missing, #[cfg(not(any()))] n: u32) -> u32 {
    n
}

#[task(blocking)]
fn three(
    #[cfg(any())] a: Missing,
    #[cfg(not(any()))] b: u32,
    #[cfg_attr(all(), cfg(not(any())))] c: u32,
    #[cfg_attr(any(), cfg(any()))] d: u32,
) -> u32 {
    b + c + d
}

#[task]
fn allowed(#[allow(unused)] n: u32, #[cfg_attr(all(), allow(unused))] m: u32) {}

#[task]
fn nothing(#[cfg(any())] n: Missing) -> u32 {
    7
}

#[test]
fn a_parameter_is_there_or_not() {
    let text = "abc".to_owned();
    let p = pipeline! { |_: u32| seq < without measured(_, &text) either three(_, 1, 2) > };
    assert_eq!(now(p.run(1)).unwrap(), 7);
    assert_eq!(now(pipeline! { seq < allowed(1, 2) nothing > }.run(())).unwrap(), 7);
    assert_eq!(without(1), 1);
}
