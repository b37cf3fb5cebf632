//! recloser: a breaker of a failure rate around a future. It counts `calls` before it judges, and opens at the next.

use std::time::Duration;

use recloser::{AsyncRecloser, Recloser};

/// A breaker that opens if half of so many calls failed, for so long.
pub fn breaker(calls: usize, open: Duration) -> AsyncRecloser {
    Recloser::custom().error_rate(0.5).closed_len(calls).open_wait(open).build().into()
}
