//! The state machine of one circuit: plain data, no clock, no lock. Time comes in, decisions go out.
//!
//! Every change of state starts a new *generation*. A run carries the generation it was admitted in, and what it reports
//! counts only while that generation lasts; so a result from before a trip, or from before a change by the handle, moves
//! nothing. (cano and Effect do the same with an epoch; resilience4j records into whatever state it finds.)

mod counting;
#[cfg(feature = "durable")]
pub(crate) mod kept;
mod open;
mod probes;

use std::time::{Duration, Instant};

use super::answers::{Admission, Transition, Transitions};
use super::config::Config;
use super::permit::Permit;
use super::probing::{Lost, Probing, time_left};
use super::status::{BreakerState, CircuitState};
use super::window::Recent;
use crate::error::LastFailure;

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

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
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

    // ----- runs -----

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

    /// A run was dropped.
    pub(crate) fn cancel(&mut self) -> Option<Transition> {
        self.report(false)
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

    // ----- changes -----

    fn enter(&mut self, phase: Phase) {
        if !self.reset_timeouts.is_empty() {
            self.time(&phase);
        }
        self.phase = phase;
        self.generation += 1;
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
}
