//! What holds a `Result` and is none.

use async_orch::{pipeline, task};
use std::io;
use std::task::Poll;

use crate::now;

#[task]
fn polled(n: u32) -> Poll<io::Result<u32>> {
    Poll::Ready(Ok(n))
}

#[task]
fn optional(n: Poll<io::Result<u32>>) -> Option<Result<u32, String>> {
    match n {
        Poll::Ready(Ok(n)) => Some(Ok(n)),
        _ => None,
    }
}

#[task]
async fn listed(n: Option<Result<u32, String>>) -> Vec<Result<u32, String>> {
    n.into_iter().collect()
}

#[task]
fn paired(all: Vec<Result<u32, String>>) -> (usize, Result<(), ()>) {
    (all.len(), Err(()))
}

#[task]
fn boxed((n, _): (usize, Result<(), ()>)) -> Box<Result<usize, ()>> {
    Box::new(Ok(n))
}

#[task]
fn generic<T>(value: T) -> T {
    value
}

#[task]
fn function<T: 'static>(_: T) -> fn(T) -> Result<T, ()> {
    Ok
}

#[test]
fn a_result_inside_is_an_output() {
    let p = pipeline! { |_: u32| seq < polled optional listed paired boxed generic |n| { n.is_ok() } > };
    assert!(now(p.run(1)).unwrap());
    let p = pipeline! { |_: u32| seq < function |f| { f(3) == Ok(3) } > };
    assert!(now(p.run(1)).unwrap());
}
