//! No bounds but the function's own: what is given is owned, and sent between threads, without being said.

use async_orch::{pipeline, task};
use std::collections::HashMap;
use std::str::FromStr;

use crate::now;

#[task]
fn same<T>(value: T) -> T {
    value
}

#[task]
async fn wrap<T, U>(value: T, other: U) -> (Vec<T>, Option<[U; 1]>) {
    (vec![value], Some([other]))
}

#[task]
fn parse<T: FromStr>(text: String) -> Result<T, T::Err> {
    text.parse()
}

#[task]
fn next<I: Iterator>(mut all: I) -> Option<<I as Iterator>::Item> {
    all.next()
}

#[task]
fn keyed<K: std::hash::Hash + Eq, V>(key: K, value: V) -> HashMap<K, V> {
    HashMap::from([(key, value)])
}

#[task]
fn borrowed<T: std::fmt::Display>(value: T) -> String {
    value.to_string()
}

pub(crate) mod public {
    #[async_orch::task]
    pub(crate) async fn parse<T>(text: String) -> Result<T, T::Err>
    where
        T: std::str::FromStr,
    {
        text.parse()
    }
}

#[test]
fn a_generic_function_is_a_task_as_it_is() {
    assert_eq!(now(pipeline! { |_: u32| seq < same wrap(_, 'x') > }.run(1)).unwrap(), (vec![1], Some(['x'])));
    assert_eq!(now(pipeline! { |_: String| parse::<u8> }.run("7".to_owned())).unwrap(), 7);
    assert!(
        now(pipeline! { |_: String| public::parse::<u8> }.run("x".to_owned()))
            .unwrap_err()
            .is::<std::num::ParseIntError>()
    );
    assert_eq!(now(pipeline! { next(vec![1, 2].into_iter()) }.run(())).unwrap(), Some(1));
    assert_eq!(now(pipeline! { |_: u8| keyed(_, "v") }.run(1)).unwrap()[&1], "v");
    let text = "borrowed".to_owned();
    assert_eq!(now(pipeline! { borrowed(&text) }.run(())).unwrap(), "borrowed");
}
