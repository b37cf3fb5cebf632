//! The rules of the breaker, each by name; a reference model under random histories; threads.

mod model;
mod rules;
mod threads;

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::answers::{Admission, Outcome, Rejection, Transition, Transitions};
use super::config::Config;
use super::permit::Permit;
use super::shared::Shared;
use super::status::CircuitState;

const RESET: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_nanos(1);

const DEFAULTS: Config =
    Config { fail_max: 5, rate: None, reset_timeout: RESET, probes: 1, close_after: 1, wait: false };

/// A circuit with a clock of its own, which counts how often it is read.
struct Circuit {
    shared: Shared,
    now: Instant,
    readings: Cell<u32>,
}

impl Circuit {
    fn new(config: Config) -> Self {
        Self { shared: Shared::new(config), now: Instant::now(), readings: Cell::new(0) }
    }

    /// Open since this moment, after failures "failure 1" to "failure n".
    fn tripped(config: Config) -> Self {
        let circuit = Self::new(config);
        for n in 1..=config.fail_max {
            circuit.fail(circuit.admitted(), &format!("failure {n}"));
        }
        circuit
    }

    /// Open, with the time for a probe come.
    fn due(config: Config) -> Self {
        let mut circuit = Self::tripped(config);
        circuit.advance(config.reset_timeout);
        circuit
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    fn clock(&self) -> Instant {
        self.readings.set(self.readings.get() + 1);
        self.now
    }

    fn admit(&self) -> (Admission, Transitions) {
        self.shared.arrive_and_admit(|| self.clock())
    }

    #[track_caller]
    fn admitted(&self) -> Permit {
        match self.admit().0 {
            Admission::Admitted(permit) => permit,
            rejected => panic!("{rejected:?}"),
        }
    }

    #[track_caller]
    fn rejected_open(&self) -> Rejection {
        match self.admit().0 {
            Admission::Open(rejection) => rejection,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn rejected_half_open(&self) {
        assert_eq!(self.admit().0, Admission::HalfOpen);
    }

    fn record(&self, permit: Permit, outcome: Outcome<fn() -> String>) -> Option<Transition> {
        self.shared.record(permit, outcome, || self.clock())
    }

    fn succeed(&self, permit: Permit) -> Option<Transition> {
        self.record(permit, Outcome::Success)
    }

    fn ignore(&self, permit: Permit) -> Option<Transition> {
        self.record(permit, Outcome::Ignored)
    }

    fn cancel(&self, permit: Permit) -> Option<Transition> {
        self.record(permit, Outcome::Cancelled)
    }

    fn fail(&self, permit: Permit, text: &str) -> Option<Transition> {
        self.shared.record(permit, Outcome::Failure(|| text.to_owned()), || self.clock())
    }

    fn kind(&self) -> CircuitState {
        self.shared.observe(|| self.now).kind()
    }

    fn failures(&self) -> u32 {
        self.shared.look(|state| state.failures())
    }
}

fn change(old_state: CircuitState, new_state: CircuitState, failures: u32, tripped: bool) -> Transition {
    Transition { old_state, new_state, failures, tripped, by_rate: false }
}
