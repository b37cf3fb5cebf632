//! Inline steps, where the type itself tells.

use async_orch::{pipeline, task};
use std::io;

use crate::now;

type Outcome<T = u32> = Result<T, io::Error>;
use std::result::Result as R;

fn outcome(n: u32) -> Outcome {
    if n == 0 { Err(io::Error::other("zero")) } else { Ok(n) }
}

fn renamed(n: u32) -> R<u32, std::fmt::Error> {
    Ok(n)
}

#[task]
fn same(n: u32) -> u32 {
    n
}

macro_rules! gives {
    ($ty:ty, $value:expr) => {
        pipeline! { |_: u32| seq < |n| { let result: $ty = $value(n); result } same > }
    };
}

#[test]
fn a_result_is_found_under_any_name() {
    let p = pipeline! {
        |_: u32|
        seq <
            |n| { outcome(n) }
            |n| { renamed(n) }
            async |n| { outcome(n) }
            |n| { let f: fn(u32) -> Outcome = outcome; f(n) }
            |n| { Ok::<_, io::Error>(n) }
            same
        >
    };
    assert_eq!(now(p.run(1)).unwrap(), 1);
    assert!(now(p.run(0)).unwrap_err().is::<io::Error>());
    assert_eq!(now(gives!(Outcome, outcome).run(2)).unwrap(), 2);
    assert_eq!(now(gives!(R<u32, std::fmt::Error>, renamed).run(2)).unwrap(), 2);
}

#[test]
fn what_is_none_is_plain() {
    let p = pipeline! {
        |_: u32| seq < |n| { Some(outcome(n)) } |n| { (n.is_some(), renamed(1)) } |(some, _)| { some } >
    };
    assert!(now(p.run(0)).unwrap());
}
