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
    #[inline]
    pub(crate) fn next(&self, delays: &mut Option<D>, random: impl FnOnce() -> u64) -> Option<Duration> {
        Some(self.jitter.spread(self.next_delay(delays)?, random))
    }

    /// As [`next`](Waits::next), unless another wait is `asked` for in its place. Then no part of that is taken away: the random
    /// part of what it takes the place of is added, and what comes of it is capped.
    pub(crate) fn next_or(
        &self,
        delays: &mut Option<D>,
        asked: impl FnOnce() -> Option<Duration>,
        random: impl FnOnce() -> u64,
    ) -> Option<Duration> {
        let delay = self.next_delay(delays)?;
        let Some(asked) = asked() else { return Some(self.jitter.spread(delay, random)) };
        let longest = self.max_delay.unwrap_or(Duration::MAX);
        Some(asked.saturating_add(self.jitter.random_part(delay, random)).min(longest))
    }

    #[inline]
    fn next_delay(&self, delays: &mut Option<D>) -> Option<Duration> {
        let delay = self.backoff.next(delays)?;
        Some(self.max_delay.map_or(delay, |max_delay| delay.min(max_delay)))
    }
}
