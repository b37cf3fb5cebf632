//! What is outside of the runs: it outlives their processes.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::{Mutex, PoisonError};

use async_orch::{BoxError, Context, task};
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;

/// Who was called, and how often, since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct World(Mutex<BTreeMap<String, u32>>);

impl World {
    fn called(&self, cx: &Context<'_>) {
        let position = cx.position().expect("a run has positions");
        let before = position.node().repetition();
        let (path, mut step) = (position.path(), position.to_string());
        if before > 0 {
            step.insert_str(path.len(), &format!("~{}", before + 1));
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(step).or_default() += 1;
    }

    pub(crate) fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct No(pub(crate) u64);

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}", self.0)
    }
}

impl std::error::Error for No {}

/// Takes a few polls.
#[task(durable)]
pub(crate) async fn work(cx: &Context<'_>, world: &World, n: u64) -> u64 {
    world.called(cx);
    for _ in 0..n % 3 {
        yield_now().await;
    }
    n + 1
}

/// Fails with odd numbers.
#[task(durable)]
pub(crate) async fn even(cx: &Context<'_>, world: &World, n: u64) -> Result<u64, No> {
    world.called(cx);
    yield_now().await;
    if n.is_multiple_of(2) { Ok(n) } else { Err(No(n)) }
}

/// Fails until its third attempt.
#[task(durable)]
pub(crate) fn third(cx: &Context<'_>, world: &World, n: u64) -> Result<u64, No> {
    world.called(cx);
    if cx.attempt() < 3 { Err(No(n)) } else { Ok(n) }
}

/// Has no end of its own.
#[task(durable)]
pub(crate) async fn hangs(cx: &Context<'_>, world: &World) -> u64 {
    world.called(cx);
    std::future::pending().await
}

#[task(durable)]
pub(crate) fn panics(cx: &Context<'_>, world: &World) {
    world.called(cx);
    panic!("of the task");
}

/// A page at a time, until there is none.
#[task(durable(error = async_orch::durable::Coding::text(std::io::Error::other)))]
pub(crate) async fn page(
    cx: &Context<'_>,
    world: &World,
    n: u64,
) -> std::io::Result<ControlFlow<String, u64>> {
    world.called(cx);
    yield_now().await;
    Ok(if n < 3 { Continue(n + 1) } else { Break(format!("{n} pages")) })
}

#[task(durable, spawn)]
pub(crate) async fn elsewhere(n: u64) -> u64 {
    yield_now().await;
    n + 10
}

#[task(durable, blocking)]
pub(crate) fn blocks(n: u64) -> Result<u64, No> {
    if n > 1_000 { Err(No(n)) } else { Ok(n + 100) }
}

/// Its error cannot be written down but as text.
#[task(durable(error = async_orch::durable::Coding::text(BoxError::from)))]
pub(crate) fn boxed(n: u64) -> Result<u64, BoxError> {
    if n == 0 { Err("zero".into()) } else { Ok(n) }
}

#[task(durable)]
pub(crate) async fn same<T: Serialize + serde::de::DeserializeOwned>(value: T) -> T {
    value
}
