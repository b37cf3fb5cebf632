//! Lifetimes, written and left out.

use async_orch::{pipeline, task};
use std::borrow::Cow;

use crate::now;

struct Words<'a>(Vec<&'a str>);

#[task]
fn elided(text: &str, words: Words<'_>, cow: Cow<'_, str>) -> usize {
    text.len() + words.0.len() + cow.len()
}

#[task]
async fn named<'a, 'b: 'a>(a: &'a str, b: &'b [&'a str]) -> usize {
    b.iter().filter(|text| **text == a).count()
}

#[task]
fn higher<F>(f: F, text: &'static str) -> usize
where
    F: for<'x> Fn(&'x str) -> usize,
{
    f(text)
}

#[task]
fn erased(f: &(dyn Fn(&str) -> usize + Sync), text: &str) -> usize {
    f(text)
}

#[test]
fn borrows_of_what_is_captured() {
    let (text, n) = ("abc".to_owned(), 2);
    let texts = ["abc"];
    let count = move |text: &str| text.len() + n;
    let p = pipeline! {
        par <
            elided(&text, Words(vec![&text]), Cow::Borrowed(&text))
            named(&text, &texts)
            higher(|text| text.len(), "ab")
            erased(&count, &text)
        >
    };
    assert_eq!(now(p.run(())).unwrap(), (7, 1, 2, 5));
}
