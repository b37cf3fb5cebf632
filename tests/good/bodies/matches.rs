//! `match`, whose arms are the ends.

use std::convert::TryFrom;

use async_orch::pipeline;

use super::{Oops, get, parse};
use crate::now;

#[test]
fn the_arms_are_the_ends() {
    let p = pipeline! { |_: u32| async |n| { match n { 0 => Ok(0), n => Ok(get(n).await?) } } };
    assert_eq!(now(p.run(3)).unwrap(), 3);
    assert!(now(p.run(13)).unwrap_err().is::<Oops>());

    let p = pipeline! {
        |_: &'static str|
        |text| {
            match text.len() {
                0 => Err("empty".into()),
                1 | 2 if text != "ab" => { let n = parse(text)?; Ok(n) }
                3 => return Ok(3),
                4 => match text { "four" => Ok(4), _ => unreachable!() },
                _ => Ok(parse(text)? + 1),
            }
        }
    };
    assert_eq!(now(p.run("12")).unwrap(), 12);
    assert_eq!(now(p.run("abc")).unwrap(), 3);
    assert_eq!(now(p.run("four")).unwrap(), 4);
    assert!(now(p.run("ab")).unwrap_err().is::<std::num::ParseIntError>());
    assert!(now(p.run("")).is_err());
}

#[test]
fn an_arm_with_a_type_of_its_own_says_it() {
    let p = pipeline! { |_: u32| async |n| { match n { 0 => Ok(0), n => get(n).await } } };
    assert!(now(p.run(13)).unwrap_err().is::<Oops>());
    let p = pipeline! { |_: u32| |n| { match n { 0 => Ok(0), n => u8::try_from(n).map_err(|_| Oops) } } };
    assert!(now(p.run(256)).unwrap_err().is::<Oops>());
    let p = pipeline! { |_: u32| |n| { match n { 0 => Err(Oops), n => Ok(n) } } };
    assert!(now(p.run(0)).unwrap_err().is::<Oops>());
}
