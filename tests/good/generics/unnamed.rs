//! `impl Trait` as the type of a parameter, or in it.

use async_orch::{pipeline, task};
use std::fmt::{Debug, Display};

use crate::now;

#[task]
async fn show(value: impl Display) -> String {
    value.to_string()
}

#[task]
fn several(a: impl Into<u32>, all: Vec<impl Debug>, (b, _): (impl Display, u8)) -> String {
    format!("{} {all:?} {b}", a.into())
}

#[task]
fn join(all: impl IntoIterator<Item = impl Display>) -> String {
    all.into_iter().map(|item| item.to_string()).collect()
}

#[task]
fn apply(f: impl Fn(&str) -> usize + Clone, text: &(impl AsRef<str> + ?Sized + Sync)) -> usize {
    f.clone()(text.as_ref())
}

#[task(spawn)]
async fn spawned(value: impl Display) -> usize {
    value.to_string().len()
}

#[task]
fn beside<T>(value: T, shown: impl Display) -> (T, String) {
    (value, shown.to_string())
}

#[test]
fn an_unnamed_generic_is_one() {
    let text = "abc".to_owned();
    assert_eq!(now(pipeline! { |_: u8| seq < show spawned > }.run(12)).unwrap(), 2);
    assert_eq!(now(pipeline! { several(1u8, vec!['x'], (&text, 0)) }.run(())).unwrap(), "1 ['x'] abc");
    assert_eq!(now(pipeline! { |_: Vec<u8>| join }.run(vec![1, 2])).unwrap(), "12");
    assert_eq!(now(pipeline! { apply(|text| text.len(), text.as_str()) }.run(())).unwrap(), 3);
    assert_eq!(now(pipeline! { |_: u8| beside(_, 1.5) }.run(1)).unwrap(), (1, "1.5".to_owned()));
    assert_eq!(now(pipeline! { |_: u8| beside::<u8, _>(_, 'x') }.run(1)).unwrap(), (1, "x".to_owned()));
}
