//! The state machine of one circuit: plain data, no clock, no lock. Time comes in, decisions go out.
//!
//! Every change of state starts a new *generation*. A run carries the generation it was admitted in, and what it reports
//! counts only while that generation lasts; so a result from before a trip, or from before a change by the handle, moves
//! nothing. (cano and Effect do the same with an epoch; resilience4j records into whatever state it finds.)

use std::time::{Duration, Instant};

use super::permit::Permit;
use super::probing::{Interlude, Lost, Probing, time_left};
use super::rate::Rate;
use super::status::{BreakerState, CircuitState};
use super::window::Recent;
use crate::error::LastFailure;
use crate::runtime::Report;

/// The options of a circuit. Every number is at least one, every time above zero; the builder sees to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    /// How many failures in a row open it; [`NO_COUNT`](Self::NO_COUNT) if none do.
    pub(crate) fail_max: u32,
    /// The share of failures that opens it too.
    pub(crate) rate: Option<Rate>,
    /// In a state machine, of the present or the next time that the circuit is open.
    pub(crate) reset_timeout: Duration,
    pub(crate) probes: u32,
    pub(crate) close_after: u32,
    /// Whether runs wait for the probes of a half-open circuit, and not only after some have been [lost](Lost).
    pub(crate) wait: bool,
}

impl Config {
    /// No number of failures in a row opens the circuit, as a rate does.
    pub(crate) const NO_COUNT: u32 = u32::MAX;

    /// What is not said, in a block or with a builder: aiobreaker's defaults.
    pub(crate) const DEFAULT: Config = Config {
        fail_max: 5,
        rate: None,
        reset_timeout: Duration::from_secs(60),
        probes: 1,
        close_after: 1,
        wait: false,
    };
}

/// The answer to a run that arrives, or that waits and looks again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The runtime turned the run away, and the circuit was not asked.
    Rejected,
    /// Run the body and report how it ended.
    Admitted(Permit),
    /// Run the body as a part of the probe around it, and report nothing.
    Joined,
    /// The circuit is open.
    Open(Rejection),
    /// The circuit is open, and no time lifts that.
    Isolated,
    /// The circuit is half-open and every probe's slot is taken.
    HalfOpen,
    /// The same, but wait for a change; if there is none for so long, look again.
    Waits(Duration),
}

/// What is said of an open circuit to a run that is turned away.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The time until a probe is admitted.
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

impl<F> Outcome<F> {
    pub(crate) fn report(&self) -> Report {
        match self {
            Outcome::Success => Report::Succeeded,
            Outcome::Ignored => Report::Ignored,
            Outcome::Failure(_) => Report::Failed,
            Outcome::Cancelled => Report::Cancelled,
        }
    }
}

/// A change of state to tell the bus about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) old_state: CircuitState,
    pub(crate) new_state: CircuitState,
    /// The count as [`State::failures`] has it after the change.
    pub(crate) failures: u32,
    /// A run opened the circuit by how it ended, as opposed to its handle.
    pub(crate) tripped: bool,
    /// It was by the share of failures, and not by their count.
    pub(crate) by_rate: bool,
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

/// What the first look at a run that ended says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing more to do.
    Settled(Option<Transition>),
    /// The time is needed, and of a failure the text: it may open the circuit. [`State::succeed_at`] or [`State::fail_at`].
    Decides,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct State {
    config: Config,
    /// The `reset_timeout` of each time that it opens without having been closed in between; the last one stays. None if that is
    /// always the same.
    reset_timeouts: Box<[Duration]>,
    /// How many times that was.
    opened: usize,
    generation: u64,
    phase: Phase,
    failures: u32,
    /// What a rate is judged by.
    recent: Option<Box<Recent>>,
    /// Also while the circuit is closed, if a success may open it.
    last_failure: Option<LastFailure>,
    lost: Lost,
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

impl State {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            reset_timeouts: Box::default(),
            opened: 0,
            generation: 0,
            phase: Phase::Closed,
            failures: 0,
            recent: config.rate.map(|rate| Box::new(Recent::new(rate.window))),
            last_failure: None,
            lost: Lost::default(),
            last_lease: 0,
            reported: CircuitState::Closed,
        }
    }

    /// The times that it stays open, the first in front, in place of the one that is always the same.
    pub(crate) fn with_reset_timeouts(mut self, times: Box<[Duration]>) -> Self {
        if let [first, _, ..] = &*times {
            self.config.reset_timeout = *first;
            self.reset_timeouts = times;
        }
        self
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

    /// The share of failures in the window, if something is in it.
    pub(crate) fn failure_rate(&self, now: Instant) -> Option<f64> {
        self.recent.as_ref()?.tally(now).rate()
    }

    /// Whether every run of the closed circuit is recorded.
    pub(crate) fn records_all(&self) -> bool {
        self.recent.is_some()
    }

    pub(crate) fn last_failure(&self) -> Option<&LastFailure> {
        self.last_failure.as_ref().filter(|_| !matches!(self.phase, Phase::Closed))
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

    pub(crate) fn is_half_open(&self) -> bool {
        matches!(self.phase, Phase::HalfOpen(_))
    }

    /// Whether a half-open circuit has a slot for another probe, leases that have expired in the meantime aside.
    pub(crate) fn has_slot(&self) -> bool {
        matches!(&self.phase, Phase::HalfOpen(probing) if probing.has_slot(&self.config))
    }

    // ----- runs -----

    /// The rejection by an open circuit of a run that arrives `now`, if that is all there is to it: nothing to change,
    /// nothing to report.
    #[inline]
    pub(crate) fn rejection(&self, now: Instant) -> Option<Rejection> {
        match self.phase {
            Phase::Open { since } if !self.has_unreported() => self.open_for(since, now),
            _ => None,
        }
    }

    /// A run arrives at a closed circuit.
    pub(crate) fn admit_closed(&mut self) -> Option<(Admission, Transitions)> {
        let Phase::Closed = self.phase else { return None };
        let permit = Permit::closed(self.generation);
        Some((Admission::Admitted(permit), Transitions { by_handle: self.report(false), by_run: None }))
    }

    /// A run arrives, or waits and looks again: `behind` others who wait, or not. It may run inside of probes.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        behind: bool,
        is_inside: impl Fn(Permit) -> bool,
    ) -> (Admission, Transitions) {
        let by_handle = self.report(false);
        self.expire(now);
        let admission = match &self.phase {
            Phase::Closed => Admission::Admitted(Permit::closed(self.generation)),
            Phase::Isolated => Admission::Isolated,
            Phase::Open { since } => match self.open_for(*since, now) {
                Some(rejection) => Admission::Open(rejection),
                None => {
                    self.enter(Phase::HalfOpen(Probing::default()));
                    Admission::Admitted(self.lease(now))
                }
            },
            Phase::HalfOpen(probing) if probing.permits().any(is_inside) => Admission::Joined,
            Phase::HalfOpen(probing) if probing.has_slot(&self.config) && !behind => {
                Admission::Admitted(self.lease(now))
            }
            Phase::HalfOpen(probing) if self.config.wait || self.lost.is_patient() => {
                Admission::Waits(probing.time_to_slot(now, &self.config))
            }
            Phase::HalfOpen(_) => Admission::HalfOpen,
        };
        (admission, Transitions { by_handle, by_run: self.report(false) })
    }

    /// A run of a closed circuit succeeded, or ended with an error that is ignored. First step: without the time, unless that is
    /// needed.
    pub(crate) fn succeed(&mut self, permit: Permit) -> Look {
        if self.recent.is_none() {
            if self.is_closed_for(permit) {
                self.failures = 0;
            }
        } else if !self.succeed_within(permit) && self.is_closed_for(permit) {
            return Look::Decides;
        }
        Look::Settled(self.report(false))
    }

    /// A run of a closed circuit with a window of runs succeeded. False, and nothing done, if that is not what it is, or may open
    /// the circuit. Nobody has to be told of it otherwise.
    pub(crate) fn succeed_within(&mut self, permit: Permit) -> bool {
        let is_closed = self.is_closed_for(permit);
        let (Some(recent), Some(rate)) = (&mut self.recent, &self.config.rate) else { return false };
        let is_recorded = is_closed && recent.record_unless(false, |tally| rate.is_reached(tally));
        if is_recorded {
            self.failures = 0;
        }
        is_recorded
    }

    /// Second step: open the circuit, if this success still makes its failures so many.
    pub(crate) fn succeed_at(&mut self, permit: Permit, now: Instant) -> Option<Transition> {
        let counts = self.is_closed_for(permit);
        if counts {
            self.failures = 0;
        }
        let opens = counts && self.is_rate_reached(false, now);
        if opens {
            self.decide(Phase::Open { since: now });
        }
        self.report(opens).map(|transition| Transition { by_rate: opens, ..transition })
    }

    /// A probe succeeded, or ended with an error that is ignored.
    pub(crate) fn succeed_probe(&mut self, permit: Permit, now: Instant) -> Option<Transition> {
        let close_after = self.config.close_after;
        if let Some(probing) = self.end(permit, now) {
            probing.successes += 1;
            if probing.successes >= close_after {
                self.close();
            }
        }
        self.report(false)
    }

    /// A run failed, first step: count it, unless it may open the circuit. Apart from [`fail_at`](Self::fail_at) so that the
    /// failure is described, which runs foreign code, outside the lock around this.
    pub(crate) fn fail(&mut self, permit: Permit) -> Look {
        if self.is_closed_for(permit) {
            if self.recent.is_some() || self.is_count_reached() {
                return Look::Decides;
            }
            self.failures += 1;
        } else if self.is_probe(permit) {
            return Look::Decides;
        }
        Look::Settled(self.report(false))
    }

    /// A run failed, second step: open the circuit, if this failure still does.
    pub(crate) fn fail_at(&mut self, permit: Permit, now: Instant, text: LastFailure) -> Option<Transition> {
        if let Look::Settled(transition) = self.fail(permit) {
            return transition;
        }
        if permit.is_probe() && self.end(permit, now).is_none() {
            return self.report(false);
        }
        // Both look at every failure.
        let (by_rate, by_count) = (self.is_rate_reached(true, now), self.is_count_reached());
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(text);
        let opens = permit.is_probe() || by_rate || by_count;
        if opens {
            self.decide(Phase::Open { since: now });
        }
        let by_rate = by_rate && !by_count;
        self.report(opens).map(|transition| Transition { by_rate, ..transition })
    }

    /// A run was dropped.
    pub(crate) fn cancel(&mut self) -> Option<Transition> {
        self.report(false)
    }

    /// A probe was dropped, because a sibling was turned away or for another reason: its slot is free again.
    pub(crate) fn cancel_probe(
        &mut self,
        permit: Permit,
        sibling_turned_away: bool,
        now: Instant,
    ) -> Option<Transition> {
        if let Phase::HalfOpen(probing) = &mut self.phase
            && let Some(lease) = probing.take(permit)
        {
            self.lose(1, !sibling_turned_away, lease.not_before(now));
        }
        self.report(false)
    }

    /// A run was dropped before its body began, as if it had not been admitted.
    pub(crate) fn give_back(&mut self, permit: Permit) {
        if let Phase::HalfOpen(probing) = &mut self.phase {
            probing.take(permit);
        }
    }

    // ----- the handle -----

    /// Open, with a window that starts now.
    pub(crate) fn force_open(&mut self, now: Instant) {
        self.last_failure = None;
        self.decide(Phase::Open { since: now });
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
        self.decide(Phase::Isolated);
    }

    // ----- helpers -----

    fn enter(&mut self, phase: Phase) {
        if !self.reset_timeouts.is_empty() {
            self.time(&phase);
        }
        self.phase = phase;
        self.generation += 1;
    }

    /// How long the circuit is open, if it is from here on.
    fn time(&mut self, phase: &Phase) {
        match (phase, &self.phase) {
            (Phase::Closed, _) => self.opened = 0,
            (Phase::Open { .. }, Phase::Open { .. }) => return,
            (Phase::Open { .. }, _) => self.opened += 1,
            _ => return,
        }
        let place = self.opened.saturating_sub(1).min(self.reset_timeouts.len() - 1);
        self.config.reset_timeout = self.reset_timeouts[place];
    }

    /// A verdict: by a run or by the handle.
    fn decide(&mut self, phase: Phase) {
        self.lost = Lost::default();
        self.enter(phase);
    }

    fn close(&mut self) {
        self.failures = 0;
        self.last_failure = None;
        if let Some(recent) = &mut self.recent {
            recent.clear();
        }
        self.decide(Phase::Closed);
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
            by_rate: false,
        })
    }

    /// Nobody was told that the state has changed from one to the other, unless it was told of more since.
    pub(crate) fn untell(&mut self, old_state: CircuitState, new_state: CircuitState) {
        if self.reported == new_state {
            self.reported = old_state;
        }
    }

    /// Whether one failure more in a row is one too many.
    fn is_count_reached(&self) -> bool {
        let fail_max = self.config.fail_max;
        fail_max != Config::NO_COUNT && self.failures.saturating_add(1) >= fail_max
    }

    /// Records a run of a closed circuit, and judges it.
    fn is_rate_reached(&mut self, failed: bool, now: Instant) -> bool {
        match (&mut self.recent, &self.config.rate, &self.phase) {
            (Some(recent), Some(rate), Phase::Closed) => rate.is_reached(recent.record(failed, now)),
            _ => false,
        }
    }

    fn is_closed_for(&self, permit: Permit) -> bool {
        matches!(self.phase, Phase::Closed) && permit == Permit::closed(self.generation)
    }

    /// Whether a permit is that of a probe whose lease has not been ended or given to another.
    fn is_probe(&self, permit: Permit) -> bool {
        matches!(&self.phase, Phase::HalfOpen(probing) if probing.permits().any(|probe| probe == permit))
    }

    /// The rejection by a circuit that is open since then, while it is.
    fn open_for(&self, since: Instant, now: Instant) -> Option<Rejection> {
        let retry_after = time_left(since, now, self.config.reset_timeout);
        (!retry_after.is_zero()).then(|| Rejection { retry_after, last_failure: self.last_failure.clone() })
    }

    /// A lease for a probe, in the slot there is.
    fn lease(&mut self, now: Instant) -> Permit {
        let Phase::HalfOpen(probing) = &mut self.phase else {
            unreachable!("only a half-open circuit has probes")
        };
        self.last_lease += 1;
        probing.lease(Permit::probe(self.last_lease), now)
    }

    /// Ends the lease of a probe that reports. `None` if it is too late to count.
    fn end(&mut self, permit: Permit, now: Instant) -> Option<&mut Probing> {
        let Phase::HalfOpen(probing) = &mut self.phase else { return None };
        if probing.take(permit)?.is_over(now, &self.config) {
            self.lose(1, true, now);
            return None;
        }
        self.lost.end_row();
        match &mut self.phase {
            Phase::HalfOpen(probing) => Some(probing),
            _ => unreachable!("it was half-open just now"),
        }
    }

    /// Ends what is over of a half-open circuit: leases, and its rest.
    fn expire(&mut self, now: Instant) {
        if let Phase::HalfOpen(probing) = &mut self.phase {
            let expired = probing.expire(now, &self.config);
            self.lose(expired, true, now);
        }
    }

    /// Probes ended without a verdict: whether someone gave up on them, or only their siblings were turned away.
    fn lose(&mut self, probes: usize, given_up: bool, now: Instant) {
        match (self.lost.add(probes, given_up), &mut self.phase) {
            (Some(Interlude::Rests), Phase::HalfOpen(probing)) => probing.rest(now),
            (Some(_), _) => self.enter(Phase::Open { since: now }),
            (None, _) => {}
        }
    }
}
