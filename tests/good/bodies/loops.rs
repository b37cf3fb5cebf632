//! Loops, which end by `break` or `return`.

use std::convert::TryFrom;

use async_orch::pipeline;

use super::{Oops, get, parse};
use crate::now;

#[test]
fn a_loop_ends_by_return() {
    let p = pipeline! {
        |_: u32|
        async |mut n| {
            loop {
                let r = get(n).await?;
                if r > 10 { return Ok(r); }
                n += 1;
            }
        }
    };
    assert_eq!(now(p.run(3)).unwrap(), 11);
    assert!(now(p.run(13)).unwrap_err().is::<Oops>());
}

#[test]
fn a_loop_ends_by_break() {
    let p = pipeline! { |_: u32| |mut n| { loop { n += 1; loop { break; } if n > 5 { break Ok(n); } } } };
    assert_eq!(now(p.run(3)).unwrap(), 6);
    let p = pipeline! { |_: u32| |n| { 'out: loop { loop { break 'out Ok(u8::try_from(n)?); } } } };
    assert!(now(p.run(256)).unwrap_err().is::<std::num::TryFromIntError>());
}

#[test]
fn what_comes_after_a_loop_is_the_end() {
    let p = pipeline! {
        |_: Vec<&'static str>|
        |all| {
            let mut sum = 0;
            for text in all {
                if text.is_empty() { return Ok(0); }
                sum += parse(text)?;
            }
            while sum > 100 { sum /= 2; }
            Ok(sum)
        }
    };
    assert_eq!(now(p.run(vec!["1", "200"])).unwrap(), 100);
    assert_eq!(now(p.run(vec!["1", ""])).unwrap(), 0);
    assert!(now(p.run(vec!["x"])).is_err());
}
