//! The decision: whether there is another attempt, and when.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::blocks::backoff::Waits;
use crate::error::Error;

/// What the options of a `retry` come to.
pub(super) struct Policy<Bk, D, W> {
    /// `None`: without end.
    pub(super) max_attempts: Option<NonZeroU32>,
    pub(super) waits: Waits<Bk, D>,
    /// Whether a run that was turned away is repeated too.
    pub(super) rejections: bool,
    pub(super) when: W,
}

impl<Bk, D, W> Policy<Bk, D, W> {
    /// Whether no attempt may follow attempt `attempt`.
    #[inline(always)]
    pub(super) fn is_last(&self, attempt: u32) -> bool {
        self.max_attempts.is_some_and(|max_attempts| attempt >= max_attempts.get())
    }

    /// How long to wait after attempt `attempt` failed; `None` if it was the last. `delays` are those of the run, made
    /// for its first failure.
    pub(super) fn delay<E>(
        &self,
        attempt: u32,
        error: &Error<E>,
        delays: &mut Option<D>,
        random: impl FnOnce() -> u64,
    ) -> Option<Duration>
    where
        W: Fn(&Error<E>) -> bool,
    {
        if self.is_last(attempt) || !self.repeats(error) || !(self.when)(error) {
            return None;
        }
        self.waits.next(delays, random)
    }

    /// Whether an error is one of those that are retried, of which `when` may take some away.
    fn repeats<E>(&self, error: &Error<E>) -> bool {
        error.is_retryable() || (self.rejections && error.kind().is_rejection())
    }
}
