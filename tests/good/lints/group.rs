//! Whole groups of lints.
#![forbid(unsafe_code, improper_ctypes)]
#![deny(nonstandard_style, unused, rust_2018_idioms, let_underscore, keyword_idents, refining_impl_trait)]

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn plain(n: u32) -> u32 {
    n
}

#[test]
fn nothing_is_reported() {
    assert_eq!(now(pipeline! { |n: u32| seq < plain(*n) let m = plain |_| { *m } > }.run(1)).unwrap(), 1);
}
