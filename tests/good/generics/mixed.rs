//! Types, constants and lifetimes together, in any order that Rust takes.

use async_orch::{pipeline, task};
use std::fmt::Display;

use crate::now;

#[task]
async fn all<'a, const N: usize, T, const B: bool>(text: &'a str, values: [T; N]) -> Vec<String>
where
    T: Display + Sync + 'a,
{
    let mut all: Vec<String> = values.iter().map(|value| format!("{text}{value}")).collect();
    if B {
        all.reverse();
    }
    all
}

#[task(spawn)]
async fn spawned<T: Display, const C: char>(value: T) -> String {
    format!("{value}{C}")
}

#[task(blocking)]
fn blocking<T, const N: u16>(value: T) -> (T, u16) {
    (value, N)
}

#[test]
fn generics_of_every_kind() {
    let text = "n=".to_owned();
    let p = pipeline! { all::<2, u8, true>(&text, [1, 2]) };
    assert_eq!(now(p.run(())).unwrap(), ["n=2", "n=1"]);
    assert_eq!(
        now(pipeline! { |_: u8| seq < spawned::<_, '!'> blocking::<String, 3> > }.run(1)).unwrap(),
        ("1!".to_owned(), 3)
    );
}
