//! The shared handle of a circuit.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use super::answers::{Admission, Outcome, Transition, Transitions};
use super::config::Config;
use super::permit::Permit;
use super::rate::Rate;
use super::shared::{Arrival, Shared};
use super::state::State;
use super::status::BreakerState;
use super::{BreakerBuilder, CircuitState};
use crate::blocks::gatekeepers::{Handle, Rest, Ticket};
use crate::error::LastFailure;
use crate::runtime::Local;

/// The state of a circuit, shared by every block, pipeline and thread that holds a clone of it.
///
/// A breaker counts *consecutive* failures in order of completion. The one that brings the count to
/// [`fail_max`](BreakerBuilder::fail_max) opens the circuit: runs are rejected without running the body. The first run
/// that arrives at or after [`reset_timeout`](BreakerBuilder::reset_timeout) makes it half-open and is a probe; success
/// closes the circuit, failure opens it for another `reset_timeout`.
///
/// Or it looks at the [share](BreakerBuilder::failure_rate) of failures in a window of runs or of time.
///
/// - A success, or an error that `ignore` matches, sets the count to zero. Where successes are slow and many runs are under
///   way at once, fast failures overtake them and are in a row.
/// - A cancelled run counts as nothing, and a cancelled probe frees its slot, as resilience4j's `releasePermission` does.
/// - A run that began before the state changed moves nothing when it ends: a slow success from before the trip cannot
///   close the circuit, a slow failure can neither open it again nor extend the time it stays open.
/// - Half-open admits [`probes`](BreakerBuilder::probes) runs at a time and rejects the rest at once, so of fifty
///   callers one runs. A probe holds its slot for `reset_timeout` at most; then another run may probe, and what the
///   first one reports moves nothing. A probe that hangs cannot wedge the circuit. (resilience4j has
///   `maxWaitDurationInHalfOpenState` for it.)
/// - Circuits of the same breaker inside a probe's body are parts of it: they pass, and what they report counts for
///   nothing. In a closed circuit each counts for itself.
///
/// Time is tokio's clock, so under `#[tokio::test(start_paused = true)]` a reset timeout of a minute takes no time.
///
/// A clone is a handle of the same circuit. A run of a closed circuit costs two atomic loads, and with a window a short lock
/// as well; an open circuit reads the clock, takes a short lock and allocates nothing. Nothing of yours, be it a clock, a bus, a predicate or a waker, is
/// called with that lock held: it may look at the breaker, and change it.
///
/// # Lost probes
///
/// A probe that is dropped, or holds its slot for too long, ends without a verdict. Where blocks fail fast, that may be the
/// rule: a sibling of the probe is rejected by the half-open circuit, and its error cancels the probe. So after three lost
/// probes in a row the circuit is open for another `reset_timeout`, and from then on, until there is a verdict, runs *wait*
/// for the probe instead of being rejected, in order of arrival; with [`wait`](BreakerBuilder::wait) they do so from the
/// start. If it closes the circuit, all of them run. If it fails, they are rejected as by any open circuit. If it is lost, the
/// first of them is the next probe, unless it was the third again. So a service that has recovered is used again, and one
/// that hangs, while its callers give up, is reached at most three times in a `reset_timeout`.
///
/// To wait is to be pending. A run that is dropped while it waits leaves no trace, and one that is not polled when its turn
/// has come loses it after `reset_timeout`.
///
/// # Changes by the handle
///
/// [`force_open`](Self::force_open), [`force_close`](Self::force_close), [`reset`](Self::reset) and
/// [`isolate`](Self::isolate) take effect at once, and the last one wins. Runs in flight go on and keep their results,
/// but no longer count; runs that wait do so no longer, and run or are rejected as the new state says. As a handle knows no
/// bus, the change is an event of the next run that sees it, once; two changes that cancel out before any run came are no
/// event.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use async_orch::{Breaker, BreakerState};
///
/// let breaker = Breaker::builder().fail_max(3).reset_timeout(Duration::from_secs(10)).build();
/// let for_the_admin_page = breaker.clone();
///
/// for_the_admin_page.isolate();
/// assert_eq!(breaker.state(), BreakerState::Isolated);
/// ```
#[derive(Clone)]
pub struct Breaker {
    shared: Arc<Shared>,
}

impl Breaker {
    pub(super) fn of(state: State) -> Self {
        Self { shared: Arc::new(Shared::of(state)) }
    }

    /// A closed circuit with the defaults, which are aiobreaker's: five consecutive failures open it, for sixty seconds,
    /// and one probe decides.
    ///
    /// ```
    /// use async_orch::{Breaker, BreakerState};
    ///
    /// assert_eq!(Breaker::new().state(), BreakerState::Closed);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A breaker with options.
    ///
    /// ```
    /// use async_orch::Breaker;
    ///
    /// let breaker = Breaker::builder().fail_max(2).build();
    /// # drop(breaker);
    /// ```
    pub fn builder() -> BreakerBuilder {
        BreakerBuilder::default()
    }

    /// The state at this moment. Half-open is entered by a run that arrives, never by a timer: until then an open circuit
    /// whose time is over says `Open` with a `retry_after` of zero. (As aiobreaker and resilience4j do by default.)
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::{Breaker, BreakerState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let breaker = Breaker::new();
    /// breaker.force_open();
    /// tokio::time::advance(Duration::from_secs(45)).await;
    /// assert_eq!(breaker.state(), BreakerState::Open { retry_after: Duration::from_secs(15) });
    /// # }
    /// ```
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.shared.observe(Local::time)
    }

    /// Consecutive failures. Once the circuit is open, those that led there, each failed probe adding one; closing sets
    /// the count to zero. Forcing it open or isolating it leaves the count as it is.
    ///
    /// ```
    /// assert_eq!(async_orch::Breaker::new().failures(), 0);
    /// ```
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.shared.look(State::failures)
    }

    /// The share of failures among the runs in the [window](BreakerBuilder::window), between 0 and 1. `None` if there is no
    /// window, or nothing in it: it is emptied when the circuit closes. While the circuit is open it is as it was then, but of a
    /// window of time what is too old is forgotten.
    ///
    /// ```
    /// use async_orch::{Breaker, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let breaker = Breaker::builder().failure_rate(0.5).window(100).build();
    /// assert_eq!(breaker.failure_rate(), None);
    ///
    /// let parse = pipeline! { |_: &str| circuit(breaker = &breaker) < |text| { text.parse::<u32>() } > };
    /// for text in ["1", "2", "three", "4"] {
    ///     let _ = parse.run(text).await;
    /// }
    /// assert_eq!(breaker.failure_rate(), Some(0.25));
    /// # }
    /// ```
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        let now = Local::time();
        self.shared.look(|state| state.failure_rate(now))
    }

    /// The text of the failure that opened the circuit, or of the latest before the success that did; `None` when it is closed,
    /// or was opened by its handle. Lost probes leave it as it is.
    ///
    /// ```
    /// assert!(async_orch::Breaker::new().last_failure().is_none());
    /// ```
    #[must_use]
    pub fn last_failure(&self) -> Option<LastFailure> {
        self.shared.look(|state| state.last_failure().cloned())
    }

    /// Opens the circuit as a failure would: for a `reset_timeout` that begins now, then probes decide. A circuit that is
    /// open already begins its time anew; an isolated one is isolated no longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::{Breaker, BreakerState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let breaker = Breaker::new();
    /// breaker.force_open();
    /// assert_eq!(breaker.state(), BreakerState::Open { retry_after: Duration::from_secs(60) });
    /// # }
    /// ```
    pub fn force_open(&self) {
        self.shared.force_open(Local::time());
    }

    /// Closes the circuit, with no failures counted. Does nothing to a circuit that is closed already: its count stays.
    ///
    /// ```
    /// use async_orch::{Breaker, BreakerState};
    ///
    /// let breaker = Breaker::new();
    /// breaker.force_open();
    /// breaker.force_close();
    /// assert_eq!(breaker.state(), BreakerState::Closed);
    /// ```
    pub fn force_close(&self) {
        self.shared.force_close();
    }

    /// Makes the circuit as new, whatever its state: closed, no failures counted, and what the runs now in flight report
    /// moves nothing. (resilience4j's `reset`.)
    ///
    /// ```
    /// use async_orch::Breaker;
    ///
    /// let breaker = Breaker::new();
    /// breaker.reset();
    /// assert_eq!(breaker.failures(), 0);
    /// ```
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Opens the circuit and holds it open, however much time goes by, until [`force_close`](Self::force_close),
    /// [`reset`](Self::reset) or [`force_open`](Self::force_open). (Polly's `IsolateAsync`.) Rejections say that they are
    /// by an [isolated](crate::ErrorKind::CircuitOpen) circuit, and a `retry_after` of `Duration::MAX`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::{Breaker, BreakerState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let breaker = Breaker::new();
    /// breaker.isolate();
    /// tokio::time::advance(Duration::from_secs(86_400)).await;
    /// assert_eq!(breaker.state(), BreakerState::Isolated);
    /// # }
    /// ```
    pub fn isolate(&self) {
        self.shared.isolate();
    }

    /// The state machine, to look at.
    #[cfg(feature = "durable")]
    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.shared.look(look)
    }

    /// Whether two handles are of the same circuit.
    #[cfg(feature = "durable")]
    #[doc(hidden)]
    #[must_use]
    pub fn __is(&self, other: &Breaker) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// A run arrives. The clock is read, once, only if the circuit is not closed.
    #[inline]
    pub(crate) fn arrive(&self, now: impl FnOnce() -> Instant) -> Arrival {
        self.shared.arrive(now)
    }

    /// The answer to a run that arrived `at` that time, if it was not known at once. The transitions are for the bus.
    pub(crate) fn admit(
        &self,
        at: Option<Instant>,
        now: impl FnOnce() -> Instant,
    ) -> (Admission, Transitions) {
        self.shared.admit(at, now)
    }

    /// The answer to a run that waits, at the time `now`.
    pub(crate) fn wait(
        &self,
        place: &mut Option<Ticket>,
        now: Instant,
        waker: Waker,
    ) -> (Admission, Transitions) {
        self.shared.wait(place, now, waker)
    }

    /// A change that was handed out has nobody to be told to.
    pub(crate) fn untell(&self, old_state: CircuitState, new_state: CircuitState) {
        self.shared.untell(old_state, new_state);
    }

    /// Who waited gives up.
    pub(crate) fn leave(&self, place: &mut Option<Ticket>) {
        self.shared.leave(place);
    }

    /// A run was admitted, and given up before its body began.
    pub(crate) fn give_back(&self, permit: Permit) {
        self.shared.give_back(permit);
    }

    /// This thread begins to poll the body of that probe, until [`thread::leave`](super::thread::leave).
    pub(crate) fn enter(&self, probe: Permit) {
        super::thread::enter(&self.shared, probe);
    }

    /// An admitted run ended. The failure is described, once, only if it opens the circuit. The transition is for the
    /// bus; the new state is visible already.
    #[inline]
    pub(crate) fn record<F: FnOnce() -> String>(
        &self,
        permit: Permit,
        outcome: Outcome<F>,
        now: impl FnOnce() -> Instant,
    ) -> Option<Transition> {
        self.shared.record(permit, outcome, now)
    }
}

impl Handle for Breaker {
    fn rest(&self) -> Rest {
        match self.state() {
            BreakerState::Closed if self.failures() == 0 && self.failure_rate().unwrap_or(0.0) == 0.0 => {
                Rest::Full
            }
            BreakerState::Closed => Rest::Light,
            BreakerState::Open { retry_after } if retry_after.is_zero() => Rest::Light,
            BreakerState::Open { .. } | BreakerState::HalfOpen | BreakerState::Isolated => Rest::None,
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

impl Breaker {
    /// Whether runs wait for the probes of a half-open circuit.
    pub(super) fn waits(&self) -> bool {
        self.shared.look(|state| state.config().wait)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = Local::time();
        // Copied out first: whatever `f` writes to is foreign code, and not for the inside of the lock.
        let (state, failures, last_failure, config) = self.shared.look(|state| {
            (state.observe(now), state.failures(), state.last_failure().cloned(), *state.config())
        });
        let mut debug = f.debug_struct("Breaker");
        debug.field("state", &state).field("failures", &failures).field("last_failure", &last_failure);
        if config.fail_max != Config::NO_COUNT {
            debug.field("fail_max", &config.fail_max);
        }
        if let Some(Rate { failure_rate, window, min_calls }) = &config.rate {
            debug.field("failure_rate", failure_rate).field("window", window).field("min_calls", min_calls);
        }
        debug
            .field("reset_timeout", &config.reset_timeout)
            .field("probes", &config.probes)
            .field("close_after", &config.close_after)
            .field("wait", &config.wait)
            .finish()
    }
}
