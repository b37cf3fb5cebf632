//! Random histories, against a model that keeps the whole history of runs and derives everything from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Wake, Waker};

use proptest::prelude::*;

use super::super::status::BreakerState;
use super::*;
use crate::blocks::gatekeepers::{self, Ticket};

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive,
    /// The run with this number (modulo those there are) ends, if it has not yet.
    End(usize, End),
    /// Who waits, or has to find out that it no longer does, looks; the number is one of those, from the latest.
    Look(usize),
    /// It gives up.
    GiveUp(usize),
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
    /// As its sibling was turned away.
    CancelledBySibling,
    /// Before its body began.
    Unbegun,
}

type Told = Vec<(CircuitState, CircuitState, u32, bool)>;

/// Time is a number of milliseconds.
#[derive(Debug)]
struct Model {
    fail_max: u32,
    reset: u64,
    probes: usize,
    close_after: usize,
    wait: bool,
    now: u64,
    /// Every state there was, the last is the present one.
    eras: Vec<Era>,
    runs: Vec<Run>,
    failures: u32,
    text: Option<String>,
    told: CircuitState,
    /// What became of the probes since the last verdict, in order.
    probed: Vec<Probed>,
    /// When probing was last interrupted so that runs wait, but none probes.
    rests: Option<u64>,
    /// Those who wait, by number.
    line: Vec<usize>,
    /// Who was the first to be seen to leave a slot free, and when.
    idle: Option<(usize, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Probed {
    Lost,
    /// Only because its sibling was turned away.
    LostToSibling,
    InTime,
    /// The third in a row was lost.
    Rest,
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
    /// Also if its lease ended without it.
    ended: Option<(Option<End>, u64)>,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Runs,
    Open(u64, Option<String>),
    Isolated,
    HalfOpen,
    /// And looks again after so long.
    Waits(u64),
}

impl Model {
    fn era(&self) -> &Era {
        self.eras.last().unwrap()
    }

    fn state(&self) -> CircuitState {
        self.era().state
    }

    fn enter(&mut self, state: CircuitState) {
        self.eras.push(Era { state, began: self.now });
        self.rests = None;
        if state != CircuitState::HalfOpen {
            self.line.clear();
        }
    }

    fn decide(&mut self, state: CircuitState) {
        self.probed.clear();
        self.enter(state);
    }

    fn close(&mut self) {
        self.failures = 0;
        self.text = None;
        self.decide(CircuitState::Closed);
    }

    fn tell(&mut self, told: &mut Told, tripped: bool) {
        let state = self.state();
        if self.told != state {
            told.push((self.told, state, self.failures, tripped));
            self.told = state;
        }
    }

    fn this_era(&self) -> impl Iterator<Item = &Run> {
        let era = self.eras.len() - 1;
        self.runs.iter().filter(move |run| run.era == era)
    }

    fn in_flight(&self) -> impl Iterator<Item = &Run> {
        self.this_era().filter(|run| run.ended.is_none())
    }

    fn has_slot(&self) -> bool {
        self.state() == CircuitState::HalfOpen
            && self.in_flight().count() < self.probes
            && self.rests.is_none()
    }

    fn lose(&mut self, probes: usize, how: Probed) {
        self.probed.extend((0..probes).map(|_| how));
        let lost = |probed: &&Probed| matches!(probed, Probed::Lost | Probed::LostToSibling);
        let in_a_row: Vec<_> = self.probed.iter().rev().take_while(lost).copied().collect();
        if in_a_row.len() >= 3 {
            if self.probed.contains(&Probed::Rest) && !in_a_row.contains(&Probed::Lost) {
                self.rests = Some(self.now);
            } else {
                self.enter(CircuitState::Open);
            }
            self.probed.push(Probed::Rest);
        }
    }

    /// The rest and the leases that are over.
    fn expire(&mut self) {
        if self.state() == CircuitState::HalfOpen {
            self.rests = self.rests.filter(|since| self.now < since + self.reset);
            let (now, reset, era) = (self.now, self.reset, self.eras.len() - 1);
            let over = |run: &&mut Run| run.era == era && run.ended.is_none() && run.began + reset <= now;
            let lost = self.runs.iter_mut().filter(over).map(|run| run.ended = Some((None, now))).count();
            self.lose(lost, Probed::Lost);
        }
    }

    /// Someone arrives, or looks again who waits in the line.
    fn look(&mut self, number: usize) -> (Answer, Told) {
        let mut told = Vec::new();
        self.tell(&mut told, false);
        // Who has left a slot free for too long is not waited for.
        let mut behind = false;
        while let Some(first) = self.line.first().copied().filter(|first| *first != number) {
            behind = true;
            if !self.has_slot() {
                break;
            }
            let since = self.idle.filter(|idle| idle.0 == first).map_or(self.now, |idle| idle.1);
            self.idle = Some((first, since));
            if self.now < since + self.reset {
                break;
            }
            self.line.remove(0);
            behind = false;
        }
        self.expire();
        let due = self.era().began + self.reset;
        let answer = match self.state() {
            CircuitState::Closed => Answer::Runs,
            CircuitState::Isolated => Answer::Isolated,
            CircuitState::Open if self.now < due => Answer::Open(due - self.now, self.text.clone()),
            CircuitState::Open => {
                self.enter(CircuitState::HalfOpen);
                Answer::Runs
            }
            CircuitState::HalfOpen if self.has_slot() && !behind => Answer::Runs,
            CircuitState::HalfOpen if self.wait || self.probed.contains(&Probed::Rest) => {
                if !self.line.contains(&number) {
                    self.line.push(number);
                    // Also if it stood in the line before.
                    self.idle = self.idle.filter(|idle| idle.0 != number);
                }
                let first = self.line[0];
                if self.has_slot() {
                    let since = self.idle.filter(|idle| idle.0 == first).map_or(self.now, |idle| idle.1);
                    self.idle = Some((first, since));
                    Answer::Waits(since + self.reset - self.now)
                } else {
                    let lease = || self.in_flight().map(|run| run.began).min().unwrap();
                    Answer::Waits(self.rests.unwrap_or_else(lease) + self.reset - self.now)
                }
            }
            CircuitState::HalfOpen => Answer::HalfOpen,
        };
        if !matches!(answer, Answer::Waits(_)) {
            self.line.retain(|other| *other != number);
        }
        if answer == Answer::Runs {
            self.runs.push(Run { era: self.eras.len() - 1, began: self.now, ended: None });
        }
        self.tell(&mut told, false);
        (answer, told)
    }

    fn end(&mut self, number: usize, end: End) -> Told {
        let (now, reset, era) = (self.now, self.reset, self.eras.len() - 1);
        let run = &mut self.runs[number];
        let counts = run.era == era && run.ended.is_none();
        let in_time = now < run.began + reset;
        run.ended = Some((Some(end), now));
        let mut tripped = false;
        if counts {
            match (self.state(), end) {
                (_, End::Unbegun) => {}
                (CircuitState::HalfOpen, End::CancelledBySibling) => self.lose(1, Probed::LostToSibling),
                (CircuitState::HalfOpen, End::Cancelled) => self.lose(1, Probed::Lost),
                (CircuitState::HalfOpen, _) if !in_time => self.lose(1, Probed::Lost),
                (_, End::Cancelled | End::CancelledBySibling) => {}
                (CircuitState::Closed, End::Failure) => {
                    self.failures += 1;
                    tripped = self.failures == self.fail_max;
                }
                (CircuitState::Closed, _) => self.failures = 0,
                (_, End::Failure) => {
                    self.failures += 1;
                    tripped = true;
                }
                (_, End::Success | End::Ignored) => {
                    self.probed.push(Probed::InTime);
                    let good = |run: &&Run| match run.ended {
                        Some((Some(End::Success | End::Ignored), at)) => at < run.began + reset,
                        _ => false,
                    };
                    if self.this_era().filter(good).count() == self.close_after {
                        self.close();
                    }
                }
            }
        }
        if tripped {
            self.text = Some(format!("run {number}"));
            self.decide(CircuitState::Open);
        }
        let mut told = Vec::new();
        if !matches!(end, End::Unbegun) {
            self.tell(&mut told, tripped);
        }
        told
    }
}

/// Who waits: until it looks, whether it has been woken since it looked last.
struct Waiter {
    number: usize,
    place: Option<Ticket>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

impl Waiter {
    fn look(&mut self, circuit: &Circuit) -> (Admission, Transitions) {
        self.woken.0.store(false, SeqCst);
        circuit.shared.wait(&mut self.place, circuit.now, Waker::from(self.woken.clone()))
    }

    fn is_woken(&self) -> bool {
        self.woken.0.load(SeqCst)
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        3 => Just(End::Success),
        1 => Just(End::Ignored),
        6 => Just(End::Failure),
        3 => Just(End::Cancelled),
        6 => Just(End::CancelledBySibling),
        1 => Just(End::Unbegun),
    ];
    let step = prop_oneof![
        12 => Just(Step::Arrive),
        // Counted from the latest run, so that most reports come from the present generation.
        10 => (0..6_usize, end).prop_map(|(back, end)| Step::End(back, end)),
        8 => (0..5_usize).prop_map(Step::Look),
        2 => (0..5_usize).prop_map(Step::GiveUp),
        6 => (1..=6_u64).prop_map(Step::Wait),
        1 => Just(Step::ForceOpen),
        1 => Just(Step::ForceClose),
        1 => Just(Step::Reset),
        1 => Just(Step::Isolate),
    ];
    prop::collection::vec(step, 1..160)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

fn plain(transition: Transition) -> (CircuitState, CircuitState, u32, bool) {
    (transition.old_state, transition.new_state, transition.failures, transition.tripped)
}

fn answer(admission: &Admission) -> Answer {
    match admission {
        Admission::Admitted(_) => Answer::Runs,
        Admission::Rejected => panic!("it is the circuit that answers"),
        Admission::Joined => panic!("there is no probe around it"),
        Admission::Open(Rejection { retry_after, last_failure }) => {
            Answer::Open(millis(*retry_after), last_failure.as_ref().map(ToString::to_string))
        }
        Admission::Isolated => Answer::Isolated,
        Admission::HalfOpen => Answer::HalfOpen,
        Admission::Waits(time) => Answer::Waits(millis(*time)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn random_histories_agree_with_the_model(
        fail_max in 1..4_u32,
        reset in 1..8_u64,
        probes in 1..4_u32,
        close_after in 1..4_u32,
        wait: bool,
        steps in steps(),
    ) {
        let reset_timeout = Duration::from_millis(reset);
        let mut circuit = Circuit::new(Config { fail_max, rate: None, reset_timeout, probes, close_after, wait });
        let mut permits = Vec::new();
        let mut waiters: Vec<Waiter> = Vec::new();
        let mut arrivals = 0;
        let mut model = Model {
            fail_max,
            reset,
            probes: probes as usize,
            close_after: close_after as usize,
            wait,
            now: 0,
            eras: vec![Era { state: CircuitState::Closed, began: 0 }],
            runs: Vec::new(),
            failures: 0,
            text: None,
            told: CircuitState::Closed,
            probed: Vec::new(),
            rests: None,
            line: Vec::new(),
            idle: None,
        };
        for step in steps {
            match step {
                Step::Arrive => {
                    arrivals += 1;
                    let (mut admission, transitions) = circuit.admit();
                    let mut told: Told = transitions.into_iter().map(plain).collect();
                    if let Admission::Waits(_) = admission {
                        let mut waiter = Waiter { number: arrivals, place: None, woken: Arc::default() };
                        let (again, more) = waiter.look(&circuit);
                        told.extend(more.into_iter().map(plain));
                        admission = again;
                        waiters.push(waiter);
                    }
                    prop_assert_eq!((answer(&admission), told), model.look(arrivals));
                    if let Admission::Admitted(permit) = admission {
                        permits.push(permit);
                    }
                }
                Step::Look(back) => {
                    let Some(index) = waiters.len().checked_sub(back + 1) else { continue };
                    let (admission, transitions) = waiters[index].look(&circuit);
                    let told = transitions.into_iter().map(plain).collect();
                    prop_assert_eq!((answer(&admission), told), model.look(waiters[index].number));
                    match admission {
                        Admission::Waits(_) => continue,
                        Admission::Admitted(permit) => permits.push(permit),
                        _ => {}
                    }
                    prop_assert!(waiters.remove(index).place.is_none());
                }
                Step::GiveUp(back) => {
                    let Some(index) = waiters.len().checked_sub(back + 1) else { continue };
                    let mut waiter = waiters.remove(index);
                    circuit.shared.leave(&mut waiter.place);
                    model.line.retain(|number| *number != waiter.number);
                }
                Step::End(back, end) => {
                    let Some(number) = model.runs.len().checked_sub(back + 1) else { continue };
                    if matches!(model.runs[number].ended, Some((Some(_), _))) {
                        continue;
                    }
                    let permit = permits[number];
                    let told = match end {
                        End::Success => circuit.succeed(permit),
                        End::Ignored => circuit.ignore(permit),
                        End::Failure => circuit.fail(permit, &format!("run {number}")),
                        End::Cancelled => {
                            gatekeepers::something_begins();
                            circuit.cancel(permit)
                        }
                        End::CancelledBySibling => {
                            gatekeepers::turn_away();
                            circuit.cancel(permit)
                        }
                        End::Unbegun => {
                            circuit.shared.give_back(permit);
                            None
                        }
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
                    model.decide(CircuitState::Open);
                }
                Step::ForceClose => {
                    circuit.shared.force_close();
                    if model.state() != CircuitState::Closed {
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
                    model.decide(CircuitState::Isolated);
                }
            }
            let state = circuit.shared.observe(|| circuit.now);
            prop_assert_eq!(state.kind(), model.state());
            if let BreakerState::Open { retry_after } = state {
                prop_assert_eq!(millis(retry_after), (model.era().began + reset).saturating_sub(model.now));
            }
            prop_assert_eq!(circuit.failures(), model.failures);
            // Nobody sleeps whose turn has come, and nobody is forgotten.
            for waiter in &waiters {
                let turn = !model.line.contains(&waiter.number)
                    || model.has_slot() && model.line[0] == waiter.number;
                prop_assert!(!turn || waiter.is_woken(), "{} sleeps", waiter.number);
            }
        }
    }
}
