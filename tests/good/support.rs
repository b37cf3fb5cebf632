//! What the programs of every edition share.

use std::future::Future;

/// Runs a future on a runtime of its own, whose clock is paused.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}
