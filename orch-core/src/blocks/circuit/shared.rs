//! One state machine for many runs at once.
//!
//! The state lives under a lock. A summary of it lives in one atomic word beside it, written only while that lock is
//! held, and answers the common cases with a single load: admitting a run to a closed circuit, a success when there is
//! no failure to forget, a result that comes too late. So there are no compare-and-swap loops to reason about, and the
//! count itself needs no bits of the word: the generation has 61 and never wraps.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::answers::{Admission, Look, Outcome, Rejection, Transition, Transitions};
#[cfg(test)]
use super::config::Config;
use super::line::Line;
use super::permit::Permit;
use super::rate::Window;
use super::state::State;
use super::status::{BreakerState, CircuitState};
use super::thread;
use crate::blocks::gatekeepers::{self, Calls, Ticket, quietly};
use crate::error::LastFailure;
use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// Set in a closed circuit.
const CLOSED: u64 = 1;
/// Set while there are failures that a success would forget; and always where every run is recorded, as a rate is judged by them.
const COUNTING: u64 = 1 << 1;
/// Set after a change by the handle, until a run has seen it.
const UNREPORTED: u64 = 1 << 2;
const FLAGS: u32 = Permit::FLAGS;

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
///
/// Nothing that is called under the lock leaves this folder and the queue. Clocks, predicates, texts, buses and wakers are
/// foreign code, which may come back here: they are asked before the lock is taken, or called after it has been released.
#[derive(Debug)]
pub(crate) struct Shared {
    word: AtomicU64,
    window: Option<Window>,
    /// A plain lock: held for some ten nanoseconds, one of many readers rejects no faster, alone or with two threads.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// Those who wait for the probes of a half-open circuit.
    line: Line,
}

impl Shared {
    #[cfg(test)]
    pub(crate) fn new(config: Config) -> Self {
        Self::of(State::new(config))
    }

    pub(crate) fn of(state: State) -> Self {
        let word = AtomicU64::new(summary(&state));
        let window = state.config().rate.map(|rate| rate.window);
        Self { word, window, inner: Mutex::new(Inner { state, line: Line::default() }) }
    }

    /// A run arrives. `now` is called when the circuit is not closed, at most once. What nearly always happens is answered
    /// here, and not by [`admit`](Self::admit), so that the answer stays in registers: through memory, stored in parts and
    /// loaded whole, it takes longer than the rest of a rejection.
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
    /// if the time is not known and the circuit is not closed. Who is told to wait goes on with [`wait`](Self::wait).
    #[cold]
    pub(crate) fn admit(
        &self,
        at: Option<Instant>,
        now: impl FnOnce() -> Instant,
    ) -> (Admission, Transitions) {
        gatekeepers::something_begins();
        if at.is_none()
            && let Some(admitted) = self.change(|inner, _| inner.state.admit_closed())
        {
            return admitted;
        }
        // The lock was released, so the state machine looks again.
        let now = at.unwrap_or_else(now);
        self.change(|Inner { state, line }, calls| {
            let behind = line.is_ahead_of(None, state, now, calls);
            state.admit(now, behind, |probe| thread::is_inside(self, probe))
        })
    }

    /// The answer to a run that waits, whenever it looks; it is told by `waker` when it should. While it waits it has a
    /// `place`, and has to [leave](Self::leave) it if it gives up.
    pub(crate) fn wait(
        &self,
        place: &mut Option<Ticket>,
        now: Instant,
        waker: Waker,
    ) -> (Admission, Transitions) {
        gatekeepers::something_begins();
        self.change(|Inner { state, line }, calls| {
            let behind = line.is_ahead_of(place.as_ref(), state, now, calls);
            let (admission, transitions) = state.admit(now, behind, |probe| thread::is_inside(self, probe));
            let admission = match admission {
                Admission::Waits(time) => Admission::Waits(line.wait(place, waker, time, state, now, calls)),
                decided => {
                    line.leave(place, calls);
                    calls.discard(waker);
                    decided
                }
            };
            (admission, transitions)
        })
    }

    /// Who waited gives up.
    pub(crate) fn leave(&self, place: &mut Option<Ticket>) {
        if place.is_some() {
            self.change(|inner, calls| inner.line.leave(place, calls));
        }
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
        match self.lock().state.rejection(now) {
            Some(Rejection { retry_after, last_failure }) => match u64::try_from(retry_after.as_nanos()) {
                Ok(nanos) => (nanos, last_failure),
                Err(_) => (0, None),
            },
            None => (0, None),
        }
    }

    /// An admitted run ended. `now` is called when the report may change the state, at most once. The failure is described
    /// only if it opens the circuit.
    #[inline]
    pub(crate) fn record<F: FnOnce() -> String>(
        &self,
        permit: Permit,
        outcome: Outcome<F>,
        now: impl FnOnce() -> Instant,
    ) -> Option<Transition> {
        let word = self.word.load(Ordering::Acquire);
        // A success that has nothing to forget is all that nearly every run has to report.
        if let Outcome::Success | Outcome::Ignored = outcome
            && permit.is_word(word)
        {
            return None;
        }
        self.count(word, permit, outcome, now)
    }

    #[cold]
    #[inline(never)]
    fn count<F: FnOnce() -> String>(
        &self,
        word: u64,
        permit: Permit,
        outcome: Outcome<F>,
        now: impl FnOnce() -> Instant,
    ) -> Option<Transition> {
        if word & UNREPORTED == 0 && permit.generation().is_some_and(|generation| generation != word >> FLAGS)
        {
            return None;
        }
        match outcome {
            Outcome::Success | Outcome::Ignored => self.succeed(word, permit, now),
            Outcome::Cancelled if word & UNREPORTED == 0 && !permit.is_probe() => None,
            Outcome::Cancelled => self.cancel(permit, now),
            Outcome::Failure(describe) => self.fail(permit, describe, now),
        }
    }

    /// A run was admitted, and given up before its body began.
    pub(crate) fn give_back(&self, permit: Permit) {
        if permit.is_probe() {
            self.change(|inner, _| inner.state.give_back(permit));
        }
    }

    fn succeed(&self, word: u64, permit: Permit, now: impl FnOnce() -> Instant) -> Option<Transition> {
        if permit.is_probe() {
            let now = now();
            return self.change(|inner, _| inner.state.succeed_probe(permit, now));
        }
        // Nearly every success, where there is a window of runs: neither the word nor who waits has to do with it.
        if let Some(Window::Calls(_)) = self.window
            && word & UNREPORTED == 0
            && self.lock().state.succeed_within(permit)
        {
            return None;
        }
        if !matches!(self.window, Some(Window::Time(_)))
            && let Look::Settled(transition) = self.change(|inner, _| inner.state.succeed(permit))
        {
            return transition;
        }
        let now = now();
        self.change(|inner, _| inner.state.succeed_at(permit, now))
    }

    fn cancel(&self, permit: Permit, now: impl FnOnce() -> Instant) -> Option<Transition> {
        if !permit.is_probe() {
            return self.change(|inner, _| inner.state.cancel());
        }
        let (now, turned_away) = (now(), gatekeepers::was_turned_away());
        self.change(|inner, _| inner.state.cancel_probe(permit, turned_away, now))
    }

    fn fail(
        &self,
        permit: Permit,
        describe: impl FnOnce() -> String,
        now: impl FnOnce() -> Instant,
    ) -> Option<Transition> {
        match self.change(|inner, _| inner.state.fail(permit)) {
            Look::Settled(transition) => transition,
            // The lock was released, so this asks again whether the failure still decides.
            Look::Decides => {
                let (now, text) = (now(), text_of(describe));
                self.change(|inner, _| inner.state.fail_at(permit, now, text))
            }
        }
    }

    /// A change that was handed out has nobody to be told to.
    pub(crate) fn untell(&self, old_state: CircuitState, new_state: CircuitState) {
        self.change(|inner, _| inner.state.untell(old_state, new_state));
    }

    // ----- the handle -----

    pub(crate) fn force_open(&self, now: Instant) {
        self.change(|inner, _| inner.state.force_open(now));
    }

    pub(crate) fn force_close(&self) {
        self.change(|inner, _| inner.state.force_close());
    }

    pub(crate) fn reset(&self) {
        self.change(|inner, _| inner.state.reset());
    }

    pub(crate) fn isolate(&self) {
        self.change(|inner, _| inner.state.isolate());
    }

    pub(crate) fn observe(&self, now: impl FnOnce() -> Instant) -> BreakerState {
        if self.word.load(Ordering::Acquire) & CLOSED != 0 {
            return BreakerState::Closed;
        }
        let now = now();
        self.lock().state.observe(now)
    }

    /// The state machine, to look at.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock().state)
    }

    /// Every change, by a run or by the handle. Those who wait are told of it.
    fn change<T>(&self, change: impl FnOnce(&mut Inner, &mut Calls) -> T) -> T {
        // Before the lock is taken, so that what is in it is called when the lock has been released.
        let mut calls = Calls::default();
        let mut inner = self.lock();
        let result = change(&mut inner, &mut calls);
        let Inner { state, line } = &mut *inner;
        line.tell(state, &mut calls);
        self.publish(state);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code of the user's runs under the lock, and a change is made whole or not at all.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the word up to date; with the lock held. A change that leaves it as it is leaves it to those who read it.
    fn publish(&self, state: &State) {
        let word = summary(state);
        if self.word.load(Ordering::Relaxed) != word {
            self.word.store(word, Ordering::Release);
        }
    }
}

fn summary(state: &State) -> u64 {
    let mut word = state.generation() << FLAGS;
    if state.kind() == CircuitState::Closed {
        word |= CLOSED;
    }
    if state.failures() > 0 || state.records_all() {
        word |= COUNTING;
    }
    if state.has_unreported() {
        word |= UNREPORTED;
    }
    word
}

/// The text of a failure. A `Display` that panics must not keep the circuit from opening, and a report may come from a
/// drop that is unwinding already.
fn text_of(describe: impl FnOnce() -> String) -> LastFailure {
    LastFailure::new(
        quietly(describe).unwrap_or_else(|| "the error panicked when it was formatted".to_owned()),
    )
}
