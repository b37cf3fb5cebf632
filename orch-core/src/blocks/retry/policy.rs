//! The decision: whether there is another attempt, and when.

use std::fmt;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::budget::asks::Asking;
use super::budget::{RetryBudget, Spend};
use super::elapsed::Limit;
use crate::blocks::backoff::Waits;
use crate::error::Error;
use crate::graph::Load;
use crate::run::Cx;

/// What the options of a `retry` come to.
pub struct Policy<Bk, D, L, G> {
    /// `None`: without end.
    pub(super) max_attempts: Option<NonZeroU32>,
    pub(super) max_elapsed: L,
    pub(super) waits: Waits<Bk, D>,
    /// Whether a run that was turned away is repeated too.
    pub(super) rejections: bool,
    pub(super) budget: G,
}

/// A [`Policy`], by what the block asks of it.
pub trait Decide: Send + Sync {
    /// The delays of a run.
    type Delays: Send + Sync;
    /// What is kept of the block's start.
    type Start: Copy + Send;
    /// What the budget has to know of the attempts so far.
    type Reached: Copy + Default + Send;
    /// A question to the budget that the runtime has taken on: of no value where there is none.
    type Asking<'a, N: Send + 'a>: Asking<'a, N>;
    /// Whether attempts that succeed are counted.
    const COUNTS: bool;

    /// The block starts.
    fn start(now: impl FnOnce() -> Instant) -> Self::Start;

    /// An attempt has succeeded.
    fn succeeded<R: Cx>(&self, reached: Self::Reached, run: R);

    /// An attempt has failed.
    fn failed<E, R: Cx>(&self, reached: Self::Reached, error: &Error<E>, run: R) -> Self::Reached;

    /// The budget that has to be asked for another attempt.
    fn asks(&self, reached: Self::Reached) -> Option<&RetryBudget>;

    /// Another attempt follows, which took a token or not.
    fn follows(reached: Self::Reached, took: bool) -> Self::Reached;

    /// What it does to the load of a run, where errors may ask for other waits or not.
    fn load(&self, asks: bool) -> Load;

    /// Whether no attempt may follow attempt `attempt`.
    fn is_last(&self, attempt: u32) -> bool;

    /// How long to wait after attempt `failed.attempt`, `None` if no other one follows; a budget has yet to be asked. `when` and
    /// `retry_after` are what the options of these names say of the error.
    fn delay<E, R: Cx>(
        &self,
        failed: Failed<'_, E, Self>,
        when: impl FnOnce(&Error<E>) -> bool,
        retry_after: impl FnOnce(&Error<E>) -> Option<Duration>,
        run: R,
    ) -> Option<Duration>;
}

/// What there is to know after a failure.
pub struct Failed<'f, E, Po: Decide + ?Sized> {
    pub(super) start: Po::Start,
    pub(super) attempt: u32,
    pub(super) error: &'f Error<E>,
    /// The delays of the run, made for its first failure.
    pub(super) delays: &'f mut Option<Po::Delays>,
}

impl<Bk, D, L, G> Decide for Policy<Bk, D, L, G>
where
    Bk: Send + Sync,
    D: Send + Sync,
    L: Limit,
    G: Spend,
{
    type Delays = D;
    type Start = L::Start;
    type Reached = G::Reached;
    type Asking<'a, N: Send + 'a> = G::Asking<'a, N>;
    const COUNTS: bool = G::COUNTS;

    #[inline(always)]
    fn start(now: impl FnOnce() -> Instant) -> L::Start {
        L::start(now)
    }

    fn load(&self, asks: bool) -> Load {
        let attempts = self.max_attempts.map(NonZeroU32::get).into();
        Load::Attempts {
            attempts,
            waits: self.waits.longest(attempts, asks),
            within: self.max_elapsed.bound(),
        }
    }

    #[inline(always)]
    fn is_last(&self, attempt: u32) -> bool {
        self.max_attempts.is_some_and(|max_attempts| attempt >= max_attempts.get())
    }

    #[inline(always)]
    fn succeeded<R: Cx>(&self, reached: G::Reached, run: R) {
        self.budget.succeeded(reached, || !run.is_replaying());
    }

    #[inline(always)]
    fn failed<E, R: Cx>(&self, reached: G::Reached, error: &Error<E>, run: R) -> G::Reached {
        self.budget.failed(reached, error.kind().is_rejection(), || !run.is_replaying())
    }

    #[inline(always)]
    fn asks(&self, reached: G::Reached) -> Option<&RetryBudget> {
        self.budget.asks(reached)
    }

    #[inline(always)]
    fn follows(reached: G::Reached, took: bool) -> G::Reached {
        G::follows(reached, took)
    }

    fn delay<E, R: Cx>(
        &self,
        failed: Failed<'_, E, Self>,
        when: impl FnOnce(&Error<E>) -> bool,
        retry_after: impl FnOnce(&Error<E>) -> Option<Duration>,
        run: R,
    ) -> Option<Duration> {
        let Failed { start, attempt, error, delays } = failed;
        if self.is_last(attempt) || !self.repeats(error) || !when(error) {
            return None;
        }
        let delay = self.waits.next_or(delays, || retry_after(error), || run.random())?;
        self.max_elapsed.allows(start, delay, || run.now()).then_some(delay)
    }
}

impl<Bk, D, L, G> fmt::Debug for Policy<Bk, D, L, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("max_attempts", &self.max_attempts).finish_non_exhaustive()
    }
}

impl<E, Po: Decide> fmt::Debug for Failed<'_, E, Po> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl<Bk, D, L, G> Policy<Bk, D, L, G> {
    /// Whether an error is one of those that are retried, of which `when` may take some away.
    fn repeats<E>(&self, error: &Error<E>) -> bool {
        error.is_retryable() || (self.rejections && error.kind().is_rejection())
    }
}
