//! The same in `async` bodies, with names and without.

use async_orch::pipeline;

use super::{Oops, get};
use crate::now;

#[test]
fn an_async_body_ends_the_same() {
    let p = pipeline! {
        |first: u32|
        seq <
            async |_| { match *first { 0 => Ok(0), n => Ok(get(n).await?) } }
            let second = async |n| { if n > 100 { return Ok(100); } Ok(get(n).await? + 1) }
            async |_| { loop { if *second > 5 { return Ok(get(*first).await?); } return Ok(*second); } }
            async |n| { get(n).await }
            async |n| { if n == 2 { return Err(Oops); } Ok(n) }
        >
    };
    assert_eq!(now(p.run(7)).unwrap(), 7);
    assert!(now(p.run(13)).unwrap_err().is::<Oops>());
    assert!(now(p.run(1)).unwrap_err().is::<Oops>());
}
