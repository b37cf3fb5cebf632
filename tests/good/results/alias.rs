//! Aliases of a `Result`, which `fallible` makes known.

use async_orch::{BoxError, pipeline, task};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::now;

type Outcome = Result<(), io::Error>;
type Of<T> = Result<T, io::Error>;

mod other {
    pub(super) type Swapped<E, T> = Result<T, E>;
    pub(super) type Boxed<T = u32> = Result<T, super::BoxError>;
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[task(fallible)]
fn save() -> Outcome {
    CALLS.fetch_add(1, Ordering::Relaxed);
    Err(io::Error::other("no"))
}

#[task(fallible)]
async fn of<T>(value: T) -> Of<Vec<T>> {
    Ok(vec![value])
}

#[task(fallible, name = "swapped")]
fn swapped(n: u32) -> other::Swapped<std::fmt::Error, u32> {
    Ok(n)
}

#[task(blocking, fallible)]
fn boxed(n: u32) -> other::Boxed {
    Ok(n)
}

#[task(spawn, fallible)]
async fn spawned(n: u32) -> Of<u32> {
    Err(io::Error::other(n.to_string()))
}

#[test]
fn an_alias_can_fail() {
    let p = pipeline! { retry(max_attempts = 5, jitter = none) < save > };
    assert_eq!(now(p.run(())).unwrap_err().attempts(), 5);
    assert_eq!(CALLS.load(Ordering::Relaxed), 5);
    let p = pipeline! { |_: u32| seq < swapped boxed of |all| { all[0] } spawned > };
    assert!(now(p.run(1)).unwrap_err().is::<io::Error>());
}
