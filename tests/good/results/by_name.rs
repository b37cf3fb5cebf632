//! Types that are called `Result`.

use async_orch::{pipeline, task};

use crate::now;

mod my {
    pub(super) type Result<E, T = u32> = std::result::Result<T, E>;
}

trait Fallible {
    type Result<T>;
}

struct Fails;

impl Fallible for Fails {
    type Result<T> = Result<T, std::fmt::Error>;
}

#[task]
fn plain(n: u32) -> Result<u32, std::fmt::Error> {
    Ok(n)
}

#[task]
fn whole(n: u32) -> ::core::result::Result<u32, std::fmt::Error> {
    Ok(n)
}

#[task]
async fn io(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

#[task(blocking)]
fn formatted(n: u32) -> (u32, std::fmt::Result) {
    (n, Ok(()))
}

#[task]
fn any(n: u32) -> anyhow::Result<u32> {
    anyhow::ensure!(n > 0, "zero");
    Ok(n)
}

#[task]
fn mine(n: u32) -> my::Result<std::fmt::Error> {
    Ok(n)
}

#[task(spawn)]
async fn swapped(n: u32) -> my::Result<std::fmt::Error, u32> {
    Ok(n)
}

#[task]
fn associated(n: u32) -> <Fails as Fallible>::Result<u32> {
    Ok(n)
}

#[task]
#[allow(unused_parens)]
fn in_parentheses(n: u32) -> ((Result<u32, std::fmt::Error>)) {
    if n == 0 { Err(std::fmt::Error) } else { Ok(n) }
}

#[test]
fn a_result_can_fail() {
    let p = pipeline! {
        |_: u32|
        seq < plain whole io formatted |(n, _)| { n } any mine swapped associated in_parentheses >
    };
    assert_eq!(now(p.run(1)).unwrap(), 1);
    assert_eq!(now(p.run(0)).unwrap_err().path(), "seq/any");
}
