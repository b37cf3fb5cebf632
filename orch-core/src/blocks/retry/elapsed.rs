//! How long after its start a `retry` may begin further attempts.

use std::time::{Duration, Instant};

use crate::blocks::values::Invalid;
use crate::graph::Bound;

/// The option `max_elapsed`, as a type: without it a run neither reads the clock nor keeps what it said.
pub trait Limit: Send + Sync {
    /// What is kept of the start.
    type Start: Copy + Send;

    /// An error if it cannot be.
    fn check(&self) -> Result<(), Invalid>;

    /// The block starts.
    fn start(now: impl FnOnce() -> Instant) -> Self::Start;

    /// How long after the start attempts may begin.
    fn bound(&self) -> Bound<Duration>;

    /// Whether an attempt may begin when `delay` from now is over.
    fn allows(&self, start: Self::Start, delay: Duration, now: impl FnOnce() -> Instant) -> bool;
}

/// Without `max_elapsed`.
#[derive(Clone, Copy, Debug)]
pub struct NoLimit;

/// With it.
#[derive(Clone, Copy, Debug)]
pub struct MaxElapsed(pub(super) Duration);

impl Limit for NoLimit {
    type Start = ();

    #[inline(always)]
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    #[inline(always)]
    fn start(_now: impl FnOnce() -> Instant) {}

    fn bound(&self) -> Bound<Duration> {
        Bound::NONE
    }

    #[inline(always)]
    fn allows(&self, (): (), _delay: Duration, _now: impl FnOnce() -> Instant) -> bool {
        true
    }
}

impl Limit for MaxElapsed {
    type Start = Instant;

    fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_longer_than_zero(self.0, "max_elapsed")
    }

    fn start(now: impl FnOnce() -> Instant) -> Instant {
        now()
    }

    fn bound(&self) -> Bound<Duration> {
        Bound::of(self.0)
    }

    fn allows(&self, start: Instant, delay: Duration, now: impl FnOnce() -> Instant) -> bool {
        // A clock that went back says that no time has passed.
        now().saturating_duration_since(start).saturating_add(delay) <= self.0
    }
}
