//! Random histories, against a model that keeps the whole history of runs and derives everything from it.

use proptest::prelude::*;

use super::super::status::BreakerState;
use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive,
    /// The run with this number (modulo those there are) ends, if it has not yet.
    End(usize, End),
    /// Milliseconds go by.
    Wait(u64),
    ForceOpen,
    ForceClose,
    Reset,
    Isolate,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Ignored,
    Failure,
    Cancelled,
}

/// Time is a number of milliseconds.
#[derive(Debug)]
struct Model {
    fail_max: u32,
    reset: u64,
    probes: usize,
    close_after: usize,
    now: u64,
    /// Every state there was, the last is the present one.
    eras: Vec<Era>,
    runs: Vec<Run>,
    failures: u32,
    text: Option<String>,
    told: CircuitState,
}

#[derive(Debug)]
struct Era {
    state: CircuitState,
    began: u64,
}

#[derive(Debug)]
struct Run {
    era: usize,
    began: u64,
    ended: Option<(End, u64)>,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Runs,
    Open(Option<u64>, Option<String>),
    HalfOpen(u64, Option<String>),
}

impl Model {
    fn era(&self) -> &Era {
        self.eras.last().unwrap()
    }

    fn enter(&mut self, state: CircuitState) {
        self.eras.push(Era { state, began: self.now });
    }

    fn close(&mut self) {
        self.failures = 0;
        self.text = None;
        self.enter(CircuitState::Closed);
    }

    fn tell(&mut self, told: &mut Vec<(CircuitState, CircuitState, u32, bool)>, tripped: bool) {
        let state = self.era().state;
        if self.told != state {
            told.push((self.told, state, self.failures, tripped));
            self.told = state;
        }
    }

    fn this_era(&self) -> impl Iterator<Item = &Run> {
        let era = self.eras.len() - 1;
        self.runs.iter().filter(move |run| run.era == era)
    }

    fn arrive(&mut self) -> (Answer, Vec<(CircuitState, CircuitState, u32, bool)>) {
        let mut told = Vec::new();
        self.tell(&mut told, false);
        let due = self.era().began + self.reset;
        match self.era().state {
            CircuitState::Isolated => return (Answer::Open(None, self.text.clone()), told),
            CircuitState::Open if self.now < due => {
                return (Answer::Open(Some(due - self.now), self.text.clone()), told);
            }
            CircuitState::Open => self.enter(CircuitState::HalfOpen),
            _ => {}
        }
        if self.era().state == CircuitState::HalfOpen {
            let expiries =
                self.this_era().filter(|run| run.ended.is_none()).map(|run| run.began + self.reset);
            let live: Vec<_> = expiries.filter(|expiry| *expiry > self.now).collect();
            if live.len() >= self.probes {
                return (Answer::HalfOpen(live.iter().min().unwrap() - self.now, self.text.clone()), told);
            }
        }
        self.tell(&mut told, false);
        self.runs.push(Run { era: self.eras.len() - 1, began: self.now, ended: None });
        (Answer::Runs, told)
    }

    fn end(&mut self, number: usize, end: End) -> Vec<(CircuitState, CircuitState, u32, bool)> {
        let (now, reset, era) = (self.now, self.reset, self.eras.len() - 1);
        self.runs[number].ended = Some((end, now));
        let run = &self.runs[number];
        let in_time = now < run.began + reset;
        let mut tripped = false;
        if run.era == era {
            match (self.era().state, end) {
                (_, End::Cancelled) => {}
                (CircuitState::Closed, End::Failure) => {
                    self.failures += 1;
                    tripped = self.failures == self.fail_max;
                }
                (CircuitState::Closed, _) => self.failures = 0,
                (CircuitState::HalfOpen, End::Failure) if in_time => {
                    self.failures += 1;
                    tripped = true;
                }
                (CircuitState::HalfOpen, _) if in_time => {
                    let good = |run: &&Run| match run.ended {
                        Some((End::Success | End::Ignored, at)) => at < run.began + reset,
                        _ => false,
                    };
                    if self.this_era().filter(good).count() == self.close_after {
                        self.close();
                    }
                }
                _ => {}
            }
        }
        if tripped {
            self.text = Some(format!("run {number}"));
            self.enter(CircuitState::Open);
        }
        let mut told = Vec::new();
        self.tell(&mut told, tripped);
        told
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        3 => Just(End::Success),
        1 => Just(End::Ignored),
        6 => Just(End::Failure),
        2 => Just(End::Cancelled),
    ];
    let step = prop_oneof![
        12 => Just(Step::Arrive),
        // Counted from the latest run, so that most reports come from the present generation.
        10 => (0..6_usize, end).prop_map(|(back, end)| Step::End(back, end)),
        6 => (1..=6_u64).prop_map(Step::Wait),
        1 => Just(Step::ForceOpen),
        1 => Just(Step::ForceClose),
        1 => Just(Step::Reset),
        1 => Just(Step::Isolate),
    ];
    prop::collection::vec(step, 1..120)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

fn plain(transition: Transition) -> (CircuitState, CircuitState, u32, bool) {
    (transition.old_state, transition.new_state, transition.failures, transition.tripped)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn random_histories_agree_with_the_model(
        fail_max in 1..4_u32,
        reset in 1..8_u64,
        probes in 1..4_u32,
        close_after in 1..4_u32,
        steps in steps(),
    ) {
        let reset_timeout = Duration::from_millis(reset);
        let mut circuit = Circuit::new(Config { fail_max, reset_timeout, probes, close_after });
        let mut permits = Vec::new();
        let mut model = Model {
            fail_max,
            reset,
            probes: probes as usize,
            close_after: close_after as usize,
            now: 0,
            eras: vec![Era { state: CircuitState::Closed, began: 0 }],
            runs: Vec::new(),
            failures: 0,
            text: None,
            told: CircuitState::Closed,
        };
        for step in steps {
            match step {
                Step::Arrive => {
                    let (admission, transitions) = circuit.admit();
                    let text = |rejection: &Rejection| rejection.last_failure.as_ref().map(ToString::to_string);
                    let answer = match admission {
                        Admission::Admitted(permit) => {
                            permits.push(permit);
                            Answer::Runs
                        }
                        Admission::Open(it) if it.retry_after == Duration::MAX => Answer::Open(None, text(&it)),
                        Admission::Open(it) => Answer::Open(Some(millis(it.retry_after)), text(&it)),
                        Admission::HalfOpen(it) => Answer::HalfOpen(millis(it.retry_after), text(&it)),
                    };
                    let told = transitions.into_iter().map(plain).collect();
                    prop_assert_eq!((answer, told), model.arrive());
                }
                Step::End(back, end) => {
                    let Some(number) = model.runs.len().checked_sub(back + 1) else { continue };
                    if model.runs[number].ended.is_some() {
                        continue;
                    }
                    let permit = permits[number];
                    let told = match end {
                        End::Success => circuit.succeed(permit),
                        End::Ignored => circuit.ignore(permit),
                        End::Failure => circuit.fail(permit, &format!("run {number}")),
                        End::Cancelled => circuit.cancel(permit),
                    };
                    prop_assert_eq!(told.into_iter().map(plain).collect::<Vec<_>>(), model.end(number, end));
                }
                Step::Wait(time) => {
                    circuit.advance(Duration::from_millis(time));
                    model.now += time;
                }
                Step::ForceOpen => {
                    circuit.shared.force_open(circuit.now);
                    model.text = None;
                    model.enter(CircuitState::Open);
                }
                Step::ForceClose => {
                    circuit.shared.force_close();
                    if model.era().state != CircuitState::Closed {
                        model.close();
                    }
                }
                Step::Reset => {
                    circuit.shared.reset();
                    model.close();
                }
                Step::Isolate => {
                    circuit.shared.isolate();
                    model.text = None;
                    model.enter(CircuitState::Isolated);
                }
            }
            let state = circuit.shared.observe(|| circuit.now);
            prop_assert_eq!(state.kind(), model.era().state);
            if let BreakerState::Open { retry_after } = state {
                prop_assert_eq!(millis(retry_after), (model.era().began + reset).saturating_sub(model.now));
            }
            prop_assert_eq!(circuit.failures(), model.failures);
        }
    }
}
