//! The waits that the options of a block come to.

use std::time::Duration;

use super::delays::Backoff;
use super::jitter::Jitter;

/// The options `backoff`, `max_delay` and `jitter`.
pub(crate) struct Waits<Bk, D> {
    pub(crate) backoff: Backoff<Bk, D>,
    pub(crate) max_delay: Option<Duration>,
    pub(crate) jitter: Jitter,
}

impl<Bk, D> Waits<Bk, D> {
    /// The next wait, of which the delay is capped first and then spread; `None` if the delays have ended. `delays` are those
    /// of the run, made for its first wait.
    pub(crate) fn next(&self, delays: &mut Option<D>, random: impl FnOnce() -> u64) -> Option<Duration> {
        let delay = self.backoff.next(delays)?;
        let capped = self.max_delay.map_or(delay, |max_delay| delay.min(max_delay));
        Some(self.jitter.spread(capped, random))
    }
}
