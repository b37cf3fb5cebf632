//! Turbofish, inference from either side, generic functions, lifetimes, constants.

#![deny(warnings)]

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;

use async_orch::{BoxError, Error, Run, pipeline, task};

#[task]
fn parse<T>(text: String) -> Result<T, T::Err>
where
    T: FromStr + 'static,
    T::Err: Send + 'static,
{
    text.parse()
}

#[task]
fn show<T: Display>(value: T) -> String {
    value.to_string()
}

#[task]
async fn longest<'a>(a: &'a str, b: &'a str) -> usize {
    a.len().max(b.len())
}

#[task]
fn count<K: Eq + Hash, V>(map: HashMap<K, V>) -> usize {
    map.len()
}

struct Shown<T: Display>(T);

#[task]
fn unwrap<T: Display + 'static>(shown: Shown<T>) -> T {
    shown.0
}

#[task]
fn sum<I: IntoIterator<Item = u32>>(all: I) -> u32 {
    all.into_iter().sum()
}

#[task]
fn first<I: Iterator>(item: Option<I::Item>) -> bool
where
    I::Item: Send,
{
    item.is_some()
}

#[task]
fn apply<F: Fn(u32) -> u32>(f: F, n: u32) -> u32 {
    f(n)
}

#[task]
fn repeat<const N: usize, T: Clone + 'static>(value: T) -> [T; N] {
    std::array::from_fn(|_| value.clone())
}

#[task]
fn print<T: ?Sized + Debug + Sync>(value: &T) -> String {
    format!("{value:?}")
}

#[task]
fn zero<T: Default + 'static>() -> T {
    T::default()
}

async fn twice<T>(value: T) -> Result<String, Error>
where
    T: Display + Clone + Send + Sync + 'static,
{
    pipeline! { |_: T| seq < par < show show > |(a, b)| { a + &b } > }.run(value).await
}

fn wrap<P>(inner: P) -> impl Run<In = P::In, Out = String, Error = BoxError>
where
    P: Run<Error = BoxError, Out: Display>,
{
    pipeline! { |_: P::In| seq < { inner } show > }
}

#[tokio::test]
async fn runs() {
    let p = pipeline! { |_: String| seq < parse::<u16> show parse::<i64> > };
    assert_eq!(p.run("12".to_owned()).await.unwrap(), 12);
    let p = pipeline! { |_: String| seq < parse |n: u8| { n } > };
    assert_eq!(p.run("12".to_owned()).await.unwrap(), 12);
    let (a, b) = ("one".to_owned(), "three".to_owned());
    let p = pipeline! { longest(&a, &b) };
    assert_eq!(p.run(()).await.unwrap(), 5);
    let p = pipeline! { |_: HashMap<u32, Vec<Vec<u8>>>| count };
    assert_eq!(p.run(HashMap::new()).await.unwrap(), 0);
    let p = pipeline! { |_: u32| seq < |n| { Shown(n) } unwrap |n| { vec![n, n] } sum > };
    assert_eq!(p.run(2).await.unwrap(), 4);
    let p = pipeline! { first::<std::ops::Range<u32>>(Some(1)) };
    assert!(p.run(()).await.unwrap());
    let p = pipeline! { |_: u32| apply(|n| n + 1, _) };
    assert_eq!(p.run(2).await.unwrap(), 3);
    let p = pipeline! { |_: u32| seq < repeat::<3, _> |all| { all } > };
    assert_eq!(p.run(2).await.unwrap(), [2, 2, 2]);
    let p = pipeline! { print("x") };
    assert_eq!(p.run(()).await.unwrap(), "\"x\"");
    let p = pipeline! { seq < zero::<u8> show(_) > };
    assert_eq!(p.run(()).await.unwrap(), "0");
    let p = pipeline! { seq < zero |n: u64| { n } > };
    assert_eq!(p.run(()).await.unwrap(), 0);
    assert_eq!(twice("x").await.unwrap(), "xx");
    assert_eq!(wrap(pipeline! { |_: u32| |n| { n + 1 } }).run(1).await.unwrap(), "2");
}
