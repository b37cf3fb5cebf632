//! One state machine for many runs at once.
//!
//! The state lives under a lock. A summary of it lives in one atomic word beside it, written only while that lock is
//! held, and answers the common cases with a single load: admitting a run to a closed circuit, a success when there is
//! no failure to forget, a result that comes too late. So there are no compare-and-swap loops to reason about, and the
//! count itself needs no bits of the word: the generation has 61 and never wraps.

use std::panic::{self, AssertUnwindSafe};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use std::time::Instant;

use super::state::{Admission, Config, Failed, Outcome, Permit, Rejection, State, Transition, Transitions};
use super::status::{BreakerState, CircuitState, LastFailure};
use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// Set in a closed circuit.
const CLOSED: u64 = 1;
/// Set while there are failures that a success would forget.
const COUNTING: u64 = 1 << 1;
/// Set after a change by the handle, until a run has seen it.
const UNREPORTED: u64 = 1 << 2;
const FLAGS: u32 = 3;

/// The answer to a run that arrives, as far as it is known at once.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// The circuit is closed.
    Admitted(Permit),
    /// The circuit is open.
    Rejected(Rejection),
    /// [`admit`](Shared::admit) knows. The time, if the clock was read.
    Undecided(Option<Instant>),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    word: AtomicU64,
    /// A plain lock: held for some ten nanoseconds, one of many readers rejects no faster, alone or with two threads.
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let state = State::new(config);
        Self { word: AtomicU64::new(summary(&state)), state: Mutex::new(state) }
    }

    /// A run arrives. `now` is called when the circuit is not closed, at most once; it must not come back here. What nearly
    /// always happens is answered here, and not by [`admit`](Self::admit), so that the answer stays in registers: through
    /// memory, stored in parts and loaded whole, it takes longer than the rest of a rejection.
    #[inline]
    pub(crate) fn arrive(&self, now: impl FnOnce() -> Instant) -> Arrival {
        let word = self.word.load(Ordering::Acquire);
        if word & (CLOSED | UNREPORTED) == CLOSED {
            return Arrival::Admitted(Permit::closed(word >> FLAGS));
        }
        if word & UNREPORTED != 0 {
            return Arrival::Undecided(None);
        }
        let now = now();
        match self.reject_at(now) {
            (0, _) => Arrival::Undecided(Some(now)),
            (nanos, last_failure) => {
                Arrival::Rejected(Rejection { retry_after: Duration::from_nanos(nanos), last_failure })
            }
        }
    }

    /// The answer to a run that arrived `at` this time and met an [`Undecided`](Arrival::Undecided) circuit. `now` is called
    /// if the time is not known and the circuit is not closed.
    #[cold]
    pub(crate) fn admit(
        &self,
        at: Option<Instant>,
        now: impl FnOnce() -> Instant,
    ) -> (Admission, Transitions) {
        // Most of those that a half-open circuit turns away change nothing, and leave the word alone too.
        if let Some(now) = at
            && let Some(rejected) = self.lock().rejection(now)
        {
            return (rejected, Transitions::default());
        }
        // The lock was released, so the state machine looks again.
        self.change(|state| state.admit(|| at.unwrap_or_else(now)))
    }

    /// Both steps.
    #[cfg(test)]
    pub(crate) fn arrive_and_admit(&self, now: impl Fn() -> Instant) -> (Admission, Transitions) {
        match self.arrive(&now) {
            Arrival::Admitted(permit) => (Admission::Admitted(permit), Transitions::default()),
            Arrival::Rejected(rejection) => (Admission::Open(rejection), Transitions::default()),
            Arrival::Undecided(at) => self.admit(at, now),
        }
    }

    /// The most that happens to an open circuit, apart: it leaves the word alone, which others are reading. The time left in
    /// nanoseconds, which are zero when that does not say it all, and the text: two registers.
    #[inline(never)]
    fn reject_at(&self, now: Instant) -> (u64, Option<LastFailure>) {
        match self.lock().rejection(now) {
            Some(Admission::Open(Rejection { retry_after, last_failure })) => {
                match u64::try_from(retry_after.as_nanos()) {
                    Ok(nanos) => (nanos, last_failure),
                    Err(_) => (0, None),
                }
            }
            _ => (0, None),
        }
    }

    /// An admitted run ended. `now` is called when the report may change the state, at most once; it must not come back
    /// here. The failure is described only if it opens the circuit, and outside the lock, so that it may.
    #[inline]
    pub(crate) fn record<F: FnOnce() -> String>(
        &self,
        permit: Permit,
        outcome: Outcome<F>,
        now: impl FnOnce() -> Instant,
    ) -> Option<Transition> {
        let word = self.word.load(Ordering::Acquire);
        if word & UNREPORTED == 0 && permit.generation().is_some_and(|generation| generation != word >> FLAGS)
        {
            return None;
        }
        match outcome {
            Outcome::Success | Outcome::Ignored if word & (CLOSED | COUNTING | UNREPORTED) == CLOSED => None,
            Outcome::Success | Outcome::Ignored => self.change(|state| state.succeed(permit, now)),
            Outcome::Cancelled if word & UNREPORTED == 0 && !permit.is_probe() => None,
            Outcome::Cancelled => self.change(|state| state.cancel(permit)),
            Outcome::Failure(describe) => self.fail(permit, describe, now),
        }
    }

    #[cold]
    fn fail(
        &self,
        permit: Permit,
        describe: impl FnOnce() -> String,
        now: impl FnOnce() -> Instant,
    ) -> Option<Transition> {
        match self.change(|state| state.fail(permit)) {
            Failed::Settled(transition) => transition,
            // The lock was released, so `trip` asks again whether this failure still decides.
            Failed::Decides => {
                let (now, text) = (now(), text_of(describe));
                self.change(|state| state.trip(permit, now, text))
            }
        }
    }

    // ----- the handle -----

    pub(crate) fn force_open(&self, now: Instant) {
        self.change(|state| state.force_open(now));
    }

    pub(crate) fn force_close(&self) {
        self.change(State::force_close);
    }

    pub(crate) fn reset(&self) {
        self.change(State::reset);
    }

    pub(crate) fn isolate(&self) {
        self.change(State::isolate);
    }

    pub(crate) fn observe(&self, now: impl FnOnce() -> Instant) -> BreakerState {
        if self.word.load(Ordering::Acquire) & CLOSED != 0 {
            return BreakerState::Closed;
        }
        let now = now();
        self.lock().observe(now)
    }

    /// The state machine, to look at.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        self.publish(&state);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of the user's runs under the lock, and a change is made whole or not at all.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the word up to date; with the lock held, as `state` shows.
    fn publish(&self, state: &MutexGuard<'_, State>) {
        self.word.store(summary(state), Ordering::Release);
    }
}

fn summary(state: &State) -> u64 {
    let mut word = state.generation() << FLAGS;
    if state.kind() == CircuitState::Closed {
        word |= CLOSED;
    }
    if state.failures() > 0 {
        word |= COUNTING;
    }
    if state.has_unreported() {
        word |= UNREPORTED;
    }
    word
}

/// The text of a failure. A `Display` that panics must not keep the circuit from opening, and a report may come from a
/// drop that is unwinding already; so the panic ends here, after the panic hook has had its say.
fn text_of(describe: impl FnOnce() -> String) -> LastFailure {
    let text = panic::catch_unwind(AssertUnwindSafe(describe));
    LastFailure::new(text.unwrap_or_else(|_| "the error panicked when it was formatted".to_owned()))
}
