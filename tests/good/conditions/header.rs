//! On the parts of a header.

use async_orch::{ErrorKind, pipeline};

use crate::now;

#[derive(Debug)]
struct Oops;

impl std::fmt::Display for Oops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("oops")
    }
}

impl std::error::Error for Oops {}

#[test]
fn a_let_of_the_header_is_there_or_not() {
    let p = pipeline! {
        #[cfg(any())]
        let a = missing();
        #[cfg(not(any()))]
        let a = 1;
        let b = 2;
        #[cfg_attr(all(), cfg(any()))]
        let b = missing();
        move |_: u32|
        |n| { n + a + b }
    };
    assert_eq!(now(p.run(3)).unwrap(), 6);
}

#[test]
fn so_is_each_other_part() {
    let owned = "x".to_owned();
    let p = pipeline! {
        #[cfg(any())]
        crate = missing;
        #[cfg(all())]
        error = Oops;
        #[cfg(all())]
        move
        #[cfg(any())]
        |_: Missing|
        #[cfg(all())]
        |n: u32|
        |_| { if *n == 0 { return Err(Oops); } Ok(owned.len()) }
    };
    assert!(matches!(now(p.run(0)).unwrap_err().kind(), ErrorKind::Task(Oops)));
    assert_eq!(now(p.run(1)).unwrap(), 1);
}
