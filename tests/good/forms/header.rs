//! The parts of the header, alone and together.

#![deny(warnings)]

use std::sync::Arc;

use async_orch::{BoxError, Error, Run, pipeline, task};

use async_orch as renamed;

#[derive(Debug)]
enum MyError {
    Io(std::io::Error),
}

impl std::fmt::Display for MyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let MyError::Io(error) = self;
        error.fmt(f)
    }
}

impl std::error::Error for MyError {}

impl From<std::io::Error> for MyError {
    fn from(error: std::io::Error) -> Self {
        MyError::Io(error)
    }
}

#[task]
async fn read(client: Arc<String>) -> std::io::Result<usize> {
    Ok(client.len())
}

#[task(crate = renamed)]
fn inc(n: usize) -> usize {
    n + 1
}

fn build(client: Arc<String>, extra: usize) -> impl Run<In = usize, Out = usize, Error = MyError> {
    pipeline! {
        crate = renamed;
        error = MyError;
        let client = client;
        let (one, two): (usize, usize) = (1, 2);
        move |more: usize|
        seq <
            read(client.clone())
            inc
            |n| { n + extra }
            |n| { n + one + two + *more }
            |n| { if n == 0 { Err(std::io::Error::other("none")) } else { Ok(n) } }
            |n| { std::fs::metadata(".")?; Ok(n) }
        >
    }
}

fn failing() -> impl Run<In = (), Out = u32, Error = BoxError> {
    pipeline! { |()| { Err("no") } }
}

#[tokio::test]
async fn runs() {
    assert_eq!(build(Arc::default(), 1).run(10).await.unwrap(), 15);
    let error: Error<BoxError> = failing().run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `inline` failed: no");
    let p = pipeline! { move |()| { 1 } };
    assert_eq!(p.run(()).await.unwrap(), 1);
    let p = pipeline! { |_: Vec<Option<u32>>| |all| { all.len() } };
    assert_eq!(p.run(vec![None]).await.unwrap(), 1);
    let p = pipeline! { |n: u32| |()| { n + 1 } };
    assert_eq!(p.run(1).await.unwrap(), 2);
    let p = pipeline! { error = BoxError; |n: u32| async |()| { n + 1 } };
    assert_eq!(p.run(1).await.unwrap(), 2);
}
