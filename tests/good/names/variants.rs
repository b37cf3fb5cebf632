//! Variants of an enum, imported by a glob.

use async_orch::{pipeline, task};

use crate::now;

#[derive(Debug, PartialEq)]
enum Part {
    args,
    error,
    out,
    value0,
    tok,
    header,
    root,
    scope,
    input,
    moved,
    raw,
    Ok,
    Err,
    Some,
    None,
}
use Part::*;

#[task]
fn take(n: u8) -> ::core::result::Result<Part, ::std::fmt::Error> {
    ::core::result::Result::Ok(if n > 0 { args } else { out })
}

#[task]
fn printed(part: Part) -> String {
    format!("{part:?}")
}

#[test]
fn a_variant_is_no_variable_of_ours() {
    let p = pipeline! {
        |n: u8| seq < take(*n) |part| { if part == args { Ok } else { Err } } async |part| { part } printed >
    };
    assert_eq!(now(p.run(1)).unwrap(), "Ok");
    let p = pipeline! { |_: u8| seq < |n| { if n > 0 { Some } else { None } } printed > };
    assert_eq!(now(p.run(0)).unwrap(), "None");
}
