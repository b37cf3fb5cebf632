//! The rules of events, as a user of the library sees them: `docs/events.md`.

mod blocks;
mod buses;
mod circuits;
mod executions;
mod off;
mod order;
mod particular;
mod tasks;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use async_orch::bus::Recorder;
use async_orch::task;

/// What the tests run.
#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
async fn refuse() -> Result<u32, std::io::Error> {
    Err(std::io::Error::other("connection refused"))
}

#[task]
async fn forever() {
    std::future::pending::<()>().await;
}

#[task]
async fn sleep(milliseconds: u64) -> u64 {
    tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
    milliseconds
}

#[task]
async fn explode() {
    panic!("out of cheese");
}

/// The events as `path state`, circuits as `path old -> new`.
fn told(recorder: &Recorder) -> Vec<String> {
    let what = |event: &async_orch::OwnedEvent| match event.state() {
        Some(state) => state.to_string(),
        None => event.circuit().unwrap().to_string(),
    };
    recorder.events().iter().map(|event| format!("{} {}", event.path(), what(event))).collect()
}

/// Polls once, on nobody's behalf.
fn poll<F: Future>(fut: Pin<&mut F>) -> Poll<F::Output> {
    fut.poll(&mut Context::from_waker(Waker::noop()))
}

/// Silences the message of a panic that is meant to happen, on this thread.
fn quietly<T>(call: impl FnOnce() -> T) -> std::thread::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
}
