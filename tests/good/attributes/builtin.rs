//! The language's own attributes.

use async_orch::{pipeline, task};

use crate::now;

/// Documented.
#[task]
#[inline]
#[must_use]
#[cold]
#[doc(alias = "other")]
#[doc = concat!("Documented ", "too.")]
#[track_caller]
pub(crate) fn below(n: u32) -> u32 {
    n + std::panic::Location::caller().line().min(1)
}

#[inline(always)]
#[must_use = "for a reason"]
#[doc(hidden)]
#[rustfmt::skip]
#[task(name = "named")]
pub(crate) async fn above(n: u32) -> Result<u32, std::fmt::Error> { Ok(n) }

#[test]
fn attributes_of_the_function_are_kept() {
    assert_eq!(now(pipeline! { |_: u32| seq < below above > }.run(1)).unwrap(), 2);
    assert_eq!(below(1), 2);
}
