//! One state machine for many runs at once.
//!
//! The state lives under a lock. A summary of it lives in one atomic word beside it, written only while that lock is
//! held, and answers the common cases with a single load: admitting a run to a closed circuit, a success when there is
//! no failure to forget, a result that comes too late. So there are no compare-and-swap loops to reason about, and the
//! count itself needs no bits of the word: the generation has 61 and never wraps.

use std::panic::{self, AssertUnwindSafe};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::state::{Admission, Config, Failed, Outcome, Permit, State, Transition, Transitions};
use super::status::{BreakerState, CircuitState, LastFailure};
use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// Set in a closed circuit.
const CLOSED: u64 = 1;
/// Set while there are failures that a success would forget.
const COUNTING: u64 = 1 << 1;
/// Set after a change by the handle, until a run has seen it.
const UNREPORTED: u64 = 1 << 2;
const FLAGS: u32 = 3;

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

    /// A run arrives. `now` is called when the circuit is not closed, at most once; it must not come back here.
    #[inline]
    pub(crate) fn admit(&self, now: impl FnOnce() -> Instant) -> (Admission, Transitions) {
        let word = self.word.load(Ordering::Acquire);
        if word & (CLOSED | UNREPORTED) == CLOSED {
            return (Admission::Admitted(Permit::closed(word >> FLAGS)), Transitions::default());
        }
        if word & UNREPORTED != 0 {
            return self.change(|state| state.admit(now));
        }
        let now = now();
        match self.reject_at(now) {
            Some(rejected) => (rejected, Transitions::default()),
            None => self.admit_at(now),
        }
    }

    /// The most that happens to an open circuit, apart: it leaves the word alone, which others are reading.
    #[inline(never)]
    fn reject_at(&self, now: Instant) -> Option<Admission> {
        self.lock().rejection(now)
    }

    #[cold]
    fn admit_at(&self, now: Instant) -> (Admission, Transitions) {
        // The lock was released, so the state machine looks again.
        self.change(|state| state.admit(|| now))
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
        if word & UNREPORTED == 0 && word >> FLAGS != permit.generation() {
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
