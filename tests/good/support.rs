//! What the programs of every edition share.

use std::future::Future;
use std::pin::Pin;

/// Runs a future on a runtime of its own, whose clock is paused.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut output = None;
    run(Box::pin(async { output = Some(future.await) }));
    output.expect("it has been run")
}

/// Not generic: the runtime is compiled once for all programs.
fn run(future: Pin<Box<dyn Future<Output = ()> + '_>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(future);
}
