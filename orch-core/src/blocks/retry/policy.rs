//! The decision: whether there is another attempt, and when.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::blocks::backoff::Waits;
use crate::error::Error;

/// What the options of a `retry` come to.
pub struct Policy<Bk, D> {
    /// `None`: without end.
    pub(super) max_attempts: Option<NonZeroU32>,
    pub(super) waits: Waits<Bk, D>,
    /// Whether a run that was turned away is repeated too.
    pub(super) rejections: bool,
}

impl<Bk, D> Policy<Bk, D> {
    /// Whether no attempt may follow attempt `attempt`.
    #[inline(always)]
    pub(super) fn is_last(&self, attempt: u32) -> bool {
        self.max_attempts.is_some_and(|max_attempts| attempt >= max_attempts.get())
    }

    /// How long to wait after attempt `attempt` failed; `None` if it was the last, or if `when` says no. `delays` are those of the run, made
    /// for its first failure.
    pub(super) fn delay<E>(
        &self,
        attempt: u32,
        error: &Error<E>,
        when: impl FnOnce(&Error<E>) -> bool,
        delays: &mut Option<D>,
        random: impl FnOnce() -> u64,
    ) -> Option<Duration> {
        if self.is_last(attempt) || !self.repeats(error) || !when(error) {
            return None;
        }
        self.waits.next(delays, random)
    }

    /// Whether an error is one of those that are retried, of which `when` may take some away.
    fn repeats<E>(&self, error: &Error<E>) -> bool {
        error.is_retryable() || (self.rejections && error.kind().is_rejection())
    }
}

impl<Bk, D> fmt::Debug for Policy<Bk, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("max_attempts", &self.max_attempts).finish_non_exhaustive()
    }
}
