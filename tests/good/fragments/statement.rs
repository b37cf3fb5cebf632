//! `$s:stmt` in the header and in bodies.

use std::convert::TryFrom;

use async_orch::pipeline;

use crate::now;

macro_rules! owned {
    ($s:stmt, $name:ident) => {
        pipeline! { $s; move |_: u32| |n| { n + $name.len() as u32 } }
    };
}

macro_rules! body {
    ($name:ident, $s:stmt; $value:expr) => {
        pipeline! { |_: u32| |$name| { $s $value } }
    };
}

#[test]
fn a_statement_is_one() {
    assert_eq!(now(owned!(let text = "abc".to_owned(), text).run(1)).unwrap(), 4);
    assert_eq!(now(body!(n, let m = u8::try_from(n)?; Ok(m + 1)).run(1)).unwrap(), 2);
}
