//! The state machine of one circuit: plain data, no clock, no lock. Time comes in, decisions go out.
//!
//! Every change of state starts a new *generation*. A run carries the generation it was admitted in, and what it reports
//! counts only while that generation lasts; so a result from before a trip, or from before a change by the handle, moves
//! nothing. (cano and Effect do the same with an epoch; resilience4j records into whatever state it finds.)

use std::num::NonZeroU64;
use std::time::Duration;

use std::time::Instant;

use super::status::{BreakerState, CircuitState, LastFailure};

/// The options of a circuit that counts consecutive failures. Every number is at least one, the time above zero; the
/// builder sees to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(crate) fail_max: u32,
    pub(crate) reset_timeout: Duration,
    pub(crate) probes: u32,
    pub(crate) close_after: u32,
}

/// Leave to run the body once; its result is reported with it.
///
/// One word, as every run of a closed circuit carries one: the generation of that circuit, and in its lowest bit that it is
/// one; or the lease of a probe, of which no two in a circuit are the same, so that it stands for its generation too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permit(NonZeroU64);

impl Permit {
    /// A permit of a closed circuit.
    #[inline]
    pub(crate) fn closed(generation: u64) -> Self {
        Self(NonZeroU64::MIN | generation << 1)
    }

    /// A permit of a probe, whose leases count from one.
    fn probe(lease: u64) -> Self {
        Self(NonZeroU64::new(lease << 1).expect("a lease is not zero"))
    }

    /// The generation of the closed circuit; `None` for a probe.
    #[inline]
    pub(crate) fn generation(self) -> Option<u64> {
        (self.0.get() & 1 == 1).then_some(self.0.get() >> 1)
    }

    /// The lease of a run that is one of those that decide a half-open circuit.
    fn lease(self) -> Option<u64> {
        (self.0.get() & 1 == 0).then_some(self.0.get() >> 1)
    }

    /// Whether this run is one of those that decide a half-open circuit.
    #[inline]
    pub(crate) fn is_probe(self) -> bool {
        self.generation().is_none()
    }
}

/// The answer to a run that arrives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Run the body and report how it ended.
    Admitted(Permit),
    /// The circuit is open or isolated.
    Open(Rejection),
    /// The circuit is half-open and every probe's slot is taken.
    HalfOpen(Rejection),
}

/// Why a run was turned away.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// Open: the time until a probe is admitted. Half-open: the time until the first lease expires, so a slot may be free
    /// sooner. Isolated: [`Duration::MAX`], as no time lifts it.
    pub(crate) retry_after: Duration,
    /// Nothing when the circuit was opened by its handle.
    pub(crate) last_failure: Option<LastFailure>,
}

/// How an admitted run ended, its failure described by `F: FnOnce() -> String` if someone wants to know.
#[derive(Debug)]
pub(crate) enum Outcome<F> {
    Success,
    /// An error that is none of the circuit's business; counts as a success.
    Ignored,
    Failure(F),
    /// The run was dropped before it ended; counts as nothing.
    Cancelled,
}

/// A change of state to tell the bus about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) old_state: CircuitState,
    pub(crate) new_state: CircuitState,
    /// The count as [`State::failures`] has it after the change.
    pub(crate) failures: u32,
    /// A failed run opened the circuit, as opposed to its handle.
    pub(crate) tripped: bool,
}

/// The changes an arriving run sees, in order: one made by the handle before, and the one it causes itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transitions {
    pub(crate) by_handle: Option<Transition>,
    pub(crate) by_run: Option<Transition>,
}

impl IntoIterator for Transitions {
    type Item = Transition;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<Transition>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [self.by_handle, self.by_run].into_iter().flatten()
    }
}

/// What the first look at a failure says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Nothing more to do.
    Settled(Option<Transition>),
    /// This failure opens the circuit; [`State::trip`] needs the time and the text.
    Decides,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct State {
    config: Config,
    generation: u64,
    phase: Phase,
    failures: u32,
    last_failure: Option<LastFailure>,
    /// The lease given out last.
    last_lease: u64,
    /// The state that the bus was last told of. It differs from the present one only after a change by the handle.
    reported: CircuitState,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open { since: Instant },
    HalfOpen(Probing),
    Isolated,
}

/// The bookkeeping of a half-open circuit.
#[derive(Debug, Default)]
struct Probing {
    leases: Vec<Lease>,
    successes: u32,
}

#[derive(Debug)]
struct Lease {
    id: u64,
    since: Instant,
}

impl State {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            generation: 0,
            phase: Phase::Closed,
            failures: 0,
            last_failure: None,
            last_lease: 0,
            reported: CircuitState::Closed,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Consecutive failures. Once the circuit is open, those that led there, each failed probe adding one; closing
    /// sets it to zero.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn last_failure(&self) -> Option<&LastFailure> {
        self.last_failure.as_ref()
    }

    pub(crate) fn kind(&self) -> CircuitState {
        match self.phase {
            Phase::Closed => CircuitState::Closed,
            Phase::Open { .. } => CircuitState::Open,
            Phase::HalfOpen(_) => CircuitState::HalfOpen,
            Phase::Isolated => CircuitState::Isolated,
        }
    }

    pub(crate) fn observe(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { since } => {
                BreakerState::Open { retry_after: time_left(since, now, self.config.reset_timeout) }
            }
            Phase::HalfOpen(_) => BreakerState::HalfOpen,
            Phase::Isolated => BreakerState::Isolated,
        }
    }

    /// A change by the handle that no run has seen yet.
    pub(crate) fn has_unreported(&self) -> bool {
        self.reported != self.kind()
    }

    // ----- runs -----

    /// The rejection of a run that arrives `now`, if that is all there is to it: nothing to change, nothing to report.
    #[inline]
    pub(crate) fn rejection(&self, now: Instant) -> Option<Admission> {
        if self.has_unreported() {
            return None;
        }
        let retry_after = match &self.phase {
            Phase::Closed => Duration::ZERO,
            Phase::Open { since } => time_left(*since, now, self.config.reset_timeout),
            Phase::HalfOpen(probing) => probing.time_to_slot(now, &self.config),
            Phase::Isolated => Duration::MAX,
        };
        if retry_after.is_zero() {
            return None;
        }
        let rejection = Rejection { retry_after, last_failure: self.last_failure.clone() };
        Some(match self.phase {
            Phase::HalfOpen(_) => Admission::HalfOpen(rejection),
            _ => Admission::Open(rejection),
        })
    }

    /// A run arrives. The clock is not read when the circuit is closed.
    pub(crate) fn admit(&mut self, now: impl FnOnce() -> Instant) -> (Admission, Transitions) {
        let by_handle = self.report(false);
        if let Phase::Closed = self.phase {
            let permit = Permit::closed(self.generation);
            return (Admission::Admitted(permit), Transitions { by_handle, by_run: None });
        }
        let now = now();
        if let Some(rejected) = self.rejection(now) {
            return (rejected, Transitions { by_handle, by_run: None });
        }
        if let Phase::Open { .. } = self.phase {
            self.enter(Phase::HalfOpen(Probing::default()));
        }
        let permit = self.lease(now);
        (Admission::Admitted(permit), Transitions { by_handle, by_run: self.report(false) })
    }

    /// A run succeeded, or ended with an error that is ignored.
    pub(crate) fn succeed(&mut self, permit: Permit, now: impl FnOnce() -> Instant) -> Option<Transition> {
        match &mut self.phase {
            Phase::Closed if permit == Permit::closed(self.generation) => self.failures = 0,
            Phase::HalfOpen(probing) if probing.holds(permit) => {
                let live = probing.end(permit, now(), self.config.reset_timeout);
                probing.successes += u32::from(live);
                if live && probing.successes >= self.config.close_after {
                    self.close();
                }
            }
            _ => {}
        }
        self.report(false)
    }

    /// A run failed, first step: count it, unless it opens the circuit. Apart from [`trip`](Self::trip) so that the
    /// failure is described, which runs foreign code, outside the lock around this.
    pub(crate) fn fail(&mut self, permit: Permit) -> Failed {
        match &self.phase {
            Phase::Closed if permit == Permit::closed(self.generation) => {
                if self.failures + 1 >= self.config.fail_max {
                    return Failed::Decides;
                }
                self.failures += 1;
            }
            Phase::HalfOpen(probing) if probing.holds(permit) => return Failed::Decides,
            _ => {}
        }
        Failed::Settled(self.report(false))
    }

    /// A run failed, second step: open the circuit, if this failure still does.
    pub(crate) fn trip(&mut self, permit: Permit, now: Instant, text: LastFailure) -> Option<Transition> {
        if let Failed::Settled(transition) = self.fail(permit) {
            return transition;
        }
        if let Phase::HalfOpen(probing) = &mut self.phase
            && !probing.end(permit, now, self.config.reset_timeout)
        {
            return self.report(false);
        }
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(text);
        self.enter(Phase::Open { since: now });
        self.report(true)
    }

    /// A run was dropped: a probe's slot is free again, nothing else.
    pub(crate) fn cancel(&mut self, permit: Permit) -> Option<Transition> {
        if let Phase::HalfOpen(probing) = &mut self.phase {
            probing.leases.retain(|lease| Some(lease.id) != permit.lease());
        }
        self.report(false)
    }

    // ----- the handle -----

    /// Open, with a window that starts now.
    pub(crate) fn force_open(&mut self, now: Instant) {
        self.last_failure = None;
        self.enter(Phase::Open { since: now });
    }

    /// Close. A circuit that is closed keeps its count.
    pub(crate) fn force_close(&mut self) {
        if !matches!(self.phase, Phase::Closed) {
            self.close();
        }
    }

    /// As new: closed, nothing counted, and runs in flight report to nobody.
    pub(crate) fn reset(&mut self) {
        self.close();
    }

    /// Open until the handle says otherwise.
    pub(crate) fn isolate(&mut self) {
        self.last_failure = None;
        self.enter(Phase::Isolated);
    }

    // ----- helpers -----

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }

    fn close(&mut self) {
        self.failures = 0;
        self.last_failure = None;
        self.enter(Phase::Closed);
    }

    /// The change since the last report, handed out once.
    fn report(&mut self, tripped: bool) -> Option<Transition> {
        let (old_state, new_state) = (self.reported, self.kind());
        self.reported = new_state;
        (old_state != new_state).then_some(Transition {
            old_state,
            new_state,
            failures: self.failures,
            tripped,
        })
    }

    /// A slot for a probe. There is one: [`rejection`](Self::rejection) was asked before.
    fn lease(&mut self, now: Instant) -> Permit {
        let Phase::HalfOpen(probing) = &mut self.phase else {
            unreachable!("only a half-open circuit has probes")
        };
        let period = self.config.reset_timeout;
        probing.leases.retain(|lease| !time_left(lease.since, now, period).is_zero());
        self.last_lease += 1;
        probing.leases.push(Lease { id: self.last_lease, since: now });
        Permit::probe(self.last_lease)
    }
}

impl Probing {
    /// The time until a lease expires; zero when a slot is free.
    fn time_to_slot(&self, now: Instant, config: &Config) -> Duration {
        if self.leases.len() < config.probes as usize {
            return Duration::ZERO;
        }
        let left = self.leases.iter().map(|lease| time_left(lease.since, now, config.reset_timeout));
        left.min().unwrap_or_default()
    }

    /// Whether a permit is that of a probe whose lease has not been ended or given to another.
    fn holds(&self, permit: Permit) -> bool {
        self.leases.iter().any(|lease| Some(lease.id) == permit.lease())
    }

    /// Ends the lease of a probe that reports; whether it was still live, so that the report counts.
    fn end(&mut self, permit: Permit, now: Instant, period: Duration) -> bool {
        let index = self.leases.iter().position(|lease| Some(lease.id) == permit.lease());
        let Some(index) = index else { return false };
        let lease = self.leases.swap_remove(index);
        !time_left(lease.since, now, period).is_zero()
    }
}

/// What is left at `now` of a `period` that began at `since`: from its exact end on, nothing. By subtraction, since the
/// end itself may lie beyond what an `Instant` can hold; and a clock reading from before `since`, taken by another thread
/// just before the change, leaves the whole period.
fn time_left(since: Instant, now: Instant, period: Duration) -> Duration {
    period.saturating_sub(now.saturating_duration_since(since))
}
