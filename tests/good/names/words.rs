//! Types and functions that are called as those of the prelude.

use std::convert::TryFrom;

use async_orch::{pipeline, task};

use crate::now;

struct Box;
struct Vec;
struct String;
struct Option;
enum Infallible {}
trait Send {}
trait Sync {}
trait Sized {}
trait Future {}
trait Debug {}
trait Into {}
trait From {}
trait Default {}
fn drop() {}
fn panic() {}

#[task]
fn plain(n: u8) -> (u8, Box) {
    (n, Box)
}

#[task(spawn)]
async fn fallible((n, _): (u8, Box)) -> ::core::result::Result<(u8, Vec, String), ::std::io::Error> {
    ::core::result::Result::Ok((n, Vec, String))
}

#[task]
fn generic<T: Send + ::core::marker::Sync>(value: T, _: Option) -> T {
    value
}

impl Send for u8 {}

#[test]
fn the_prelude_is_the_users() {
    let p = pipeline! {
        |_: u8|
        seq <
            plain
            fallible
            |(n, _, _)| { n }
            generic(_, Option)
            async |n| { n }
            |n| { Ok(u16::try_from(n)?) }
        >
    };
    assert_eq!(now(p.run(1)).unwrap(), 1);
}
