//! Tasks without a prelude.
#![no_implicit_prelude]

use ::async_orch::{pipeline, task};
use ::std::assert_eq;

#[task]
fn plain(n: u32) -> u32 {
    n
}

#[task]
async fn fallible<T: ::std::clone::Clone, const N: usize>(
    value: T,
) -> ::std::result::Result<[T; N], ::std::io::Error> {
    ::std::result::Result::Ok(::std::array::from_fn(|_| ::std::clone::Clone::clone(&value)))
}

#[task(blocking)]
fn blocking(all: [u32; 2], _: impl ::std::fmt::Display) -> ::std::option::Option<u32> {
    ::std::option::Option::Some(all[0])
}

#[task(spawn)]
async fn spawned(n: ::std::option::Option<u32>) -> ::std::io::Result<u32> {
    ::std::result::Result::Ok(n.unwrap_or(0))
}

#[task]
async fn never() -> ! {
    ::std::future::pending().await
}

#[test]
fn a_task_needs_no_prelude() {
    let p = pipeline! { |_: u32| seq < plain fallible::<_, 2> blocking(_, 'x') spawned > };
    assert_eq!(crate::now(p.run(3)).unwrap(), 3);
    ::std::mem::drop(never());
}
