//! Blocks: plain, labeled, unsafe, in parentheses.

use std::convert::TryFrom;

use async_orch::pipeline;

use super::parse;
use crate::now;

#[test]
#[allow(unused_braces, unused_parens, clippy::blocks_in_conditions)]
fn a_block_ends_where_its_content_does() {
    let p = pipeline! {
        |_: &'static str|
        seq <
            |text| { { { Ok(parse(text)?) } } }
            |n| { (Ok(u8::try_from(n)?)) }
            |n| { 'a: { if n > 100 { break 'a Ok(100); } Ok(u16::from(n)) } }
            |n| { #[allow(clippy::needless_return)] { return Ok(u32::from(n)) } }
        >
    };
    assert_eq!(now(p.run("7")).unwrap(), 7);
    assert_eq!(now(p.run("200")).unwrap(), 100);
    assert!(now(p.run("256")).unwrap_err().is::<std::num::TryFromIntError>());
}

#[test]
fn a_path_to_ok_is_ok() {
    let p = pipeline! {
        |_: u32|
        seq <
            |n| { Result::Ok(n) }
            |n| { std::result::Result::Ok(n) }
            |n| { ::core::result::Result::Ok(n) }
            |n| { Ok::<_, _>(n) }
        >
    };
    assert_eq!(now(p.run(7)).unwrap(), 7);
}
