//! What is outside of the runs: it outlives the journals.

#![allow(dead_code, unreachable_pub)]

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::{Context, task};
use orch_journal::{Journal, Options};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::sync::Notify;

/// Who was called, and where the world stands still.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Outside>);

impl std::ops::Deref for World {
    type Target = Outside;

    fn deref(&self) -> &Outside {
        &self.0
    }
}

#[derive(Debug, Default)]
pub struct Outside {
    calls: Mutex<BTreeMap<String, u32>>,
    stands_at: Mutex<Option<&'static str>>,
    pub reached: Notify,
    /// Lets go on what stands still.
    pub go: Notify,
}

impl World {
    pub fn new() -> Self {
        World::default()
    }
}

impl Outside {
    /// The step with this path does not end by itself from now on, and says when it is come to.
    pub fn stand_at(&self, path: impl Into<Option<&'static str>>) {
        *self.stands_at.lock().unwrap() = path.into();
        // That it was come to before does not count.
        std::pin::pin!(self.reached.notified()).enable();
    }

    pub fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    async fn called(&self, cx: &Context<'_>) {
        let position = cx.position().unwrap();
        *self.calls.lock().unwrap().entry(position.to_string()).or_default() += 1;
        let stands = *self.stands_at.lock().unwrap() == Some(position.path());
        if stands {
            self.reached.notify_one();
            self.go.notified().await;
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct No(pub u64);

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}", self.0)
    }
}

impl std::error::Error for No {}

#[task(durable)]
pub async fn add(cx: &Context<'_>, world: impl Borrow<World> + Send + Sync, n: u64) -> u64 {
    world.borrow().called(cx).await;
    n + 1
}

/// Fails with odd numbers.
#[task(durable)]
pub async fn even(cx: &Context<'_>, world: impl Borrow<World> + Send + Sync, n: u64) -> Result<u64, No> {
    world.borrow().called(cx).await;
    if n.is_multiple_of(2) { Ok(n) } else { Err(No(n)) }
}

/// Fails until its third attempt.
#[task(durable)]
pub async fn third(cx: &Context<'_>, world: impl Borrow<World> + Send + Sync, n: u64) -> Result<u64, No> {
    world.borrow().called(cx).await;
    if cx.attempt() < 3 { Err(No(n)) } else { Ok(n) }
}

#[task(durable)]
pub async fn undone(cx: &Context<'_>, world: impl Borrow<World> + Send + Sync, n: u64) {
    let _ = n;
    world.borrow().called(cx).await;
}

/// A file in a folder of its own.
#[derive(Debug)]
pub struct File {
    _folder: TempDir,
    pub path: PathBuf,
}

impl File {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        File { _folder: folder, path }
    }

    pub fn open(&self) -> Journal {
        Journal::open(&self.path).unwrap()
    }

    pub fn open_with(&self, options: impl FnOnce(Options) -> Options) -> Journal {
        options(Journal::options()).open(&self.path).unwrap()
    }

    pub fn sql(&self) -> rusqlite::Connection {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        conn.busy_timeout(Duration::from_secs(5)).unwrap();
        conn
    }
}
