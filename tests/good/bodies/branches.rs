//! `if` and `else`.

use async_orch::pipeline;

use super::{Oops, parse};
use crate::now;

#[test]
fn the_branches_are_the_ends() {
    let p = pipeline! {
        |_: &'static str|
        |text| {
            if text.is_empty() {
                Ok(0)
            } else if let Some(rest) = text.strip_prefix('-') {
                let n = parse(rest)?;
                Ok(100 - n)
            } else {
                Ok(parse(text)?)
            }
        }
    };
    assert_eq!(now(p.run("")).unwrap(), 0);
    assert_eq!(now(p.run("-1")).unwrap(), 99);
    assert!(now(p.run("x")).is_err());

    let p = pipeline! { |_: u32| |n| { if n > 3 { Ok(n) } else { Ok(0) } } };
    assert_eq!(now(p.run(4)).unwrap(), 4);
}

#[test]
fn an_error_that_is_looked_at_is_none_that_is_made() {
    let p = pipeline! {
        |_: &'static str| |text| { if let Err(e) = parse(text) { let _ = e; return Ok(false); } Ok(true) }
    };
    assert!(!now(p.run("x")).unwrap());
    let p = pipeline! { |_: u32| |n| { if n > 3 { Err(Oops) } else { Ok(n) } } };
    assert!(now(p.run(4)).unwrap_err().is::<Oops>());
}
