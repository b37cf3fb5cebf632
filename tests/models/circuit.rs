//! `circuit`, of which many runs are under way at once: those that open it, its probes, and those that wait for them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use async_orch::{Breaker, BreakerState, Error, ErrorKind, pipeline, task};
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use crate::common::{at_once, poll_once};
use crate::compare::compare;
use crate::stage::{Failure, is_not_for_good, number};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    OpensAFailureLater,
    CountsWhatIsCancelled,
    CountsLateResults,
    AdmitsOneMoreProbe,
    ClosesWithTheFirstSuccess,
    /// However often it has opened.
    IsOpenForTheFirstTime,
    NeverLosesAProbe,
    TurnsAwayWhoWaits,
    /// A run is in the window until the circuit closes.
    HasAWindowWithoutEnd,
    JudgesTheFirstRun,
}

const FLAWS: [Flaw; 8] = [
    Flaw::OpensAFailureLater,
    Flaw::CountsWhatIsCancelled,
    Flaw::CountsLateResults,
    Flaw::AdmitsOneMoreProbe,
    Flaw::ClosesWithTheFirstSuccess,
    Flaw::IsOpenForTheFirstTime,
    Flaw::NeverLosesAProbe,
    Flaw::TurnsAwayWhoWaits,
];

const FLAWS_OF_RATES: [Flaw; 4] =
    [Flaw::OpensAFailureLater, Flaw::CountsLateResults, Flaw::HasAWindowWithoutEnd, Flaw::JudgesTheFirstRun];

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Succeeds,
    Fails,
    /// With an error that is ignored.
    IsIgnored,
    /// By a circuit inside; unless it is a probe, which then succeeds.
    IsTurnedAway,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive,
    /// The body of the one of this number, among those that run.
    End(usize, End),
    /// Who runs or waits.
    Drop(usize),
    Wait(u64),
    ForceOpen,
    ForceClose,
    Reset,
    Isolate,
}

#[derive(Clone, Copy, Debug)]
enum Window {
    Runs(usize),
    /// Of ten times so many milliseconds.
    Time(u64),
}

#[derive(Debug)]
struct Case {
    fail_max: Option<u32>,
    /// In percent, of what, and how many have to be in it.
    rate: Option<(usize, Window, usize)>,
    /// In milliseconds; the last one stays.
    reset_timeouts: Vec<u64>,
    probes: usize,
    close_after: usize,
    wait: bool,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Told {
    Began,
    Ended(Result<(), End>),
    /// For how long, and by which run.
    Open(u64, Option<usize>),
    Isolated,
    HalfOpen,
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    runs: Vec<(usize, u64, Told)>,
    /// After each step, with the failures in a row and the rate.
    states: Vec<(Option<BreakerState>, u32, Option<f64>)>,
}

// ----- the model -----

struct Model<'c> {
    case: &'c Case,
    flaw: Option<Flaw>,
    now: u64,
    state: BreakerState,
    since: u64,
    /// How often it has changed its state: a run counts for the one that it began in.
    era: u32,
    opened: usize,
    failures: u32,
    /// All that counted since it closed.
    recorded: Vec<(u64, bool)>,
    last_failure: Option<usize>,
    probes: Vec<(usize, u64)>,
    successes: usize,
    lost: usize,
    patient: bool,
    waiting: Vec<usize>,
    running: Vec<(usize, u32, bool)>,
    seen: Seen,
}

const OPEN: BreakerState = BreakerState::Open { retry_after: Duration::ZERO };

impl Model<'_> {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn tell(&mut self, run: usize, told: Told) {
        self.seen.runs.push((run, self.now, told));
    }

    fn reset_timeout(&self) -> u64 {
        let times = &self.case.reset_timeouts;
        let opened = if self.is(Flaw::IsOpenForTheFirstTime) { 0 } else { self.opened.saturating_sub(1) };
        times[opened.min(times.len() - 1)]
    }

    fn enter(&mut self, state: BreakerState) {
        self.opened = match state {
            BreakerState::Closed => 0,
            OPEN if self.state != OPEN => self.opened + 1,
            _ => self.opened,
        };
        (self.state, self.since, self.era, self.successes) = (state, self.now, self.era + 1, 0);
        self.probes.clear();
    }

    fn decide(&mut self, state: BreakerState) {
        (self.lost, self.patient) = (0, false);
        self.enter(state);
    }

    fn close(&mut self) {
        (self.failures, self.last_failure) = (0, None);
        self.recorded.clear();
        self.decide(BreakerState::Closed);
    }

    fn lose(&mut self, probes: usize) {
        self.lost += probes;
        if self.lost >= 3 && !self.is(Flaw::NeverLosesAProbe) {
            (self.lost, self.patient) = (0, true);
            self.enter(OPEN);
        }
    }

    fn begin(&mut self, run: usize) {
        let is_probe = self.state == BreakerState::HalfOpen;
        if is_probe {
            self.probes.push((run, self.now));
        }
        self.running.push((run, self.era, is_probe));
        self.tell(run, Told::Began);
    }

    /// Somebody comes, or waits and looks again.
    fn look(&mut self, run: usize) {
        let reset_timeout = self.reset_timeout();
        if self.state == BreakerState::HalfOpen {
            let before = self.probes.len();
            self.probes.retain(|(_, began)| began + reset_timeout > self.now);
            self.lose(before - self.probes.len());
        }
        // It may just have opened, and for longer.
        let left = (self.since + self.reset_timeout()).saturating_sub(self.now);
        let most = self.case.probes + usize::from(self.is(Flaw::AdmitsOneMoreProbe));
        let waits = self.case.wait || self.patient;
        match self.state {
            BreakerState::Isolated => self.tell(run, Told::Isolated),
            OPEN if left > 0 => self.tell(run, Told::Open(left, self.last_failure)),
            BreakerState::HalfOpen if self.probes.len() >= most => {
                if waits && !self.is(Flaw::TurnsAwayWhoWaits) {
                    self.waiting.push(run);
                } else {
                    self.tell(run, Told::HalfOpen);
                }
            }
            state => {
                if state == OPEN {
                    self.enter(BreakerState::HalfOpen);
                }
                self.begin(run);
            }
        }
    }

    /// How many failures there are among how many runs.
    fn tally(&self) -> (usize, usize) {
        let first = self.recorded.first().map_or(0, |(at, _)| *at);
        let held: Vec<bool> = match self.case.rate {
            Some((_, Window::Runs(runs), _)) if !self.is(Flaw::HasAWindowWithoutEnd) => {
                self.recorded.iter().rev().take(runs).map(|(_, failed)| *failed).collect()
            }
            // Tenths are counted from the first run on.
            Some((_, Window::Time(tenth), _)) if !self.is(Flaw::HasAWindowWithoutEnd) => {
                let is_in = |at: u64| (at - first) / tenth + 10 > (self.now - first) / tenth;
                self.recorded.iter().filter(|(at, _)| is_in(*at)).map(|(_, failed)| *failed).collect()
            }
            _ => self.recorded.iter().map(|(_, failed)| *failed).collect(),
        };
        (held.iter().filter(|failed| **failed).count(), held.len())
    }

    /// Nothing, if it was dropped.
    fn end(&mut self, run: usize, end: Option<End>) {
        let Some(index) = self.running.iter().position(|(running, ..)| *running == run) else { return };
        let (_, era, is_probe) = self.running.remove(index);
        let end = end.map(|end| if is_probe && end == End::IsTurnedAway { End::Succeeds } else { end });
        if let Some(end) = end {
            self.tell(run, Told::Ended(if end == End::Succeeds { Ok(()) } else { Err(end) }));
        }
        let failed = match end {
            None | Some(End::IsTurnedAway) if !is_probe && !self.is(Flaw::CountsWhatIsCancelled) => return,
            Some(End::Fails | End::IsTurnedAway) => true,
            Some(_) => false,
            None => !is_probe,
        };
        if is_probe {
            let Some(probe) = self.probes.iter().position(|(probe, _)| *probe == run) else { return };
            let (_, began) = self.probes.remove(probe);
            if end.is_none() || began + self.reset_timeout() <= self.now {
                return self.lose(1);
            }
            self.lost = 0;
            if failed {
                (self.failures, self.last_failure) = (self.failures + 1, Some(run));
                return self.decide(OPEN);
            }
            self.successes += 1;
            if self.successes >= self.case.close_after || self.is(Flaw::ClosesWithTheFirstSuccess) {
                self.close();
            }
        } else if self.state == BreakerState::Closed && (era == self.era || self.is(Flaw::CountsLateResults))
        {
            self.recorded.push((self.now, failed));
            self.failures = if failed { self.failures + 1 } else { 0 };
            if failed {
                self.last_failure = Some(run);
            }
            let later = u32::from(self.is(Flaw::OpensAFailureLater));
            let by_count = failed && self.case.fail_max.is_some_and(|most| self.failures >= most + later);
            let (failures, runs) = self.tally();
            let by_rate = self.case.rate.is_some_and(|(percent, _, min_calls)| {
                let min_calls = if self.is(Flaw::JudgesTheFirstRun) { 1 } else { min_calls };
                runs >= min_calls && (failures - (later as usize).min(failures)) * 100 >= percent * runs
            });
            if by_count || by_rate {
                self.decide(OPEN);
            }
        }
    }

    fn step(&mut self, step: Step, arrivals: &mut usize) {
        match step {
            Step::Arrive => {
                self.look(*arrivals);
                *arrivals += 1;
            }
            Step::End(number, end) if number < self.running.len() => {
                self.end(self.running[number].0, Some(end))
            }
            Step::Drop(number) => {
                let mut there: Vec<usize> = self.running.iter().map(|(run, ..)| *run).collect();
                there.extend(&self.waiting);
                there.sort_unstable();
                if let Some(run) = there.get(number) {
                    self.waiting.retain(|waits| waits != run);
                    self.end(*run, None);
                }
            }
            Step::End(..) => {}
            Step::Wait(time) => self.now += time,
            Step::ForceOpen | Step::Isolate => {
                self.last_failure = None;
                self.decide(if matches!(step, Step::Isolate) { BreakerState::Isolated } else { OPEN });
            }
            Step::ForceClose if self.state == BreakerState::Closed => {}
            Step::ForceClose | Step::Reset => self.close(),
        }
        for run in std::mem::take(&mut self.waiting) {
            self.look(run);
        }
        let left = (self.since + self.reset_timeout()).saturating_sub(self.now);
        let state = match self.state {
            OPEN => BreakerState::Open { retry_after: Duration::from_millis(left) },
            other => other,
        };
        let (failures, runs) = self.tally();
        let rate = (runs > 0 && self.case.rate.is_some()).then(|| failures as f64 / runs as f64);
        self.seen.states.push((Some(state), self.failures, rate));
    }

    fn of(case: &Case, flaw: Option<Flaw>) -> Seen {
        let mut model = Model {
            case,
            flaw,
            now: 0,
            state: BreakerState::Closed,
            since: 0,
            era: 0,
            opened: 0,
            failures: 0,
            recorded: Vec::new(),
            last_failure: None,
            probes: Vec::new(),
            successes: 0,
            lost: 0,
            patient: false,
            waiting: Vec::new(),
            running: Vec::new(),
            seen: Seen::default(),
        };
        let mut arrivals = 0;
        for step in &case.steps {
            model.step(*step, &mut arrivals);
        }
        model.seen
    }
}

// ----- the same with the library -----

#[task]
async fn end_as(call: usize, end: End) -> Result<(), Failure> {
    match end {
        End::Succeeds => Ok(()),
        _ => Err(Failure { call, for_good: end == End::IsIgnored }),
    }
}

fn built(case: &Case) -> Breaker {
    let times: Vec<Duration> = case.reset_timeouts.iter().copied().map(Duration::from_millis).collect();
    let mut builder = Breaker::builder()
        .reset_timeout(times.into_iter())
        .probes(case.probes as u32)
        .close_after(case.close_after as u32);
    if let Some(most) = case.fail_max {
        builder = builder.fail_max(most);
    }
    if let Some((percent, window, min_calls)) = case.rate {
        builder = builder.failure_rate(percent as f64 / 100.0).min_calls(min_calls as u32);
        builder = match window {
            Window::Runs(runs) => builder.window(runs as u32),
            Window::Time(tenth) => builder.window(Duration::from_millis(10 * tenth)),
        };
    }
    builder.wait(case.wait).build()
}

type Ran<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

async fn seen(case: &Case) -> Seen {
    let (breaker, isolated, start) = (built(case), Breaker::new(), Instant::now());
    isolated.isolate();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let seen = Mutex::new(Seen::default());
    let tell = |run: usize, told| seen.lock().unwrap().runs.push((run, millis(start.elapsed()), told));
    let (running, ends) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::new()));
    let p = pipeline! {
        |run: usize|
        circuit(breaker = &breaker, ignore = |e| !is_not_for_good(e)) <
            let end = async |()| {
                let run = *run;
                let is_probe = breaker.state() == BreakerState::HalfOpen;
                tell(run, Told::Began);
                running.lock().unwrap().push(run);
                let end = poll_fn(|_| ends.lock().unwrap().remove(&run).map_or(Poll::Pending, Poll::Ready)).await;
                if is_probe && end == End::IsTurnedAway { End::Succeeds } else { end }
            }
            choose(*end) <
                End::IsTurnedAway => circuit(breaker = &isolated) < end_as(*run, *end) >,
                _ => end_as(*run, *end),
            >
        >
    };
    let runs: RefCell<Vec<(usize, Ran<'_>)>> = RefCell::default();
    let poll = |(run, fut): &mut (usize, Ran<'_>)| {
        let Poll::Ready(result) = poll_once(fut.as_mut()) else { return true };
        let has_run = running.lock().unwrap().contains(run);
        running.lock().unwrap().retain(|other| other != run);
        let told = match &result {
            Ok(()) => Told::Ended(Ok(())),
            Err(error) => match error.kind() {
                ErrorKind::CircuitOpen { isolated: true, .. } if has_run => {
                    Told::Ended(Err(End::IsTurnedAway))
                }
                ErrorKind::CircuitOpen { isolated: true, .. } => Told::Isolated,
                ErrorKind::CircuitOpen { retry_after, last_failure, .. } => {
                    let opened_by = last_failure.as_ref().map(|text| number(text));
                    Told::Open(millis(*retry_after), opened_by)
                }
                ErrorKind::CircuitHalfOpen => Told::HalfOpen,
                _ if is_not_for_good(error) => Told::Ended(Err(End::Fails)),
                _ => Told::Ended(Err(End::IsIgnored)),
            },
        };
        tell(*run, told);
        false
    };
    let mut arrivals = 0;
    for step in &case.steps {
        match *step {
            Step::Arrive => {
                runs.borrow_mut().push((arrivals, Box::pin(p.run(arrivals))));
                arrivals += 1;
            }
            Step::End(number, end) => {
                let run = running.lock().unwrap().get(number).copied();
                if let Some(run) = run {
                    ends.lock().unwrap().insert(run, end);
                    runs.borrow_mut().retain_mut(|one| one.0 != run || poll(one));
                }
            }
            Step::Drop(number) if number < runs.borrow().len() => {
                // So that nobody was turned away just before: a probe that is given up on is no sibling's.
                at_once(pipeline! { circuit < |_| {} > }.run(())).unwrap();
                let (run, fut) = runs.borrow_mut().remove(number);
                drop(fut);
                running.lock().unwrap().retain(|other| *other != run);
            }
            Step::Drop(_) => {}
            Step::Wait(time) => advance(Duration::from_millis(time)).await,
            Step::ForceOpen => breaker.force_open(),
            Step::ForceClose => breaker.force_close(),
            Step::Reset => breaker.reset(),
            Step::Isolate => breaker.isolate(),
        }
        runs.borrow_mut().retain_mut(poll);
        let state = (Some(breaker.state()), breaker.failures(), breaker.failure_rate());
        seen.lock().unwrap().states.push(state);
    }
    drop(runs);
    std::mem::take(&mut *seen.lock().unwrap())
}

fn cases(
    fail_max: impl Strategy<Value = Option<u32>>,
    rate: impl Strategy<Value = Option<(usize, Window, usize)>>,
) -> impl Strategy<Value = Case> {
    let end = prop_oneof![
        5 => Just(End::Succeeds),
        8 => Just(End::Fails),
        1 => Just(End::IsIgnored),
        1 => Just(End::IsTurnedAway),
    ];
    let step = prop_oneof![
        24 => Just(Step::Arrive),
        20 => (0..4_usize, end).prop_map(|(number, end)| Step::End(number, end)),
        8 => (0..6_usize).prop_map(Step::Drop),
        12 => (1..9_u64).prop_map(Step::Wait),
        3 => Just(Step::ForceOpen),
        1 => Just(Step::ForceClose),
        1 => Just(Step::Reset),
        1 => Just(Step::Isolate),
    ];
    let steps = prop::collection::vec(step, 1..40);
    let half_open = (prop::collection::vec(1..12_u64, 1..4), 1..4_usize, 1..4_usize, any::<bool>());
    (fail_max, rate, half_open, steps).prop_map(|(fail_max, rate, half_open, steps)| {
        let (reset_timeouts, probes, close_after, wait) = half_open;
        Case { fail_max, rate, reset_timeouts, probes, close_after, wait, steps }
    })
}

#[test]
fn circuit_is_as_a_model_of_it() {
    compare(cases((1..4_u32).prop_map(Some), Just(None)), &FLAWS, seen, Model::of);
}

#[test]
fn circuit_with_a_window_of_runs_is_as_a_model_of_it() {
    let window = (1..9_usize).prop_flat_map(|window| (Just(window), 1..=window));
    let rate = (1..=100_usize, window)
        .prop_map(|(percent, (window, min_calls))| Some((percent, Window::Runs(window), min_calls)));
    compare(cases(prop::option::weighted(0.3, 1..4_u32), rate), &FLAWS_OF_RATES, seen, Model::of);
}

#[test]
fn circuit_with_a_window_of_time_is_as_a_model_of_it() {
    let rate = (1..=100_usize, 1..4_u64, 1..6_usize)
        .prop_map(|(percent, tenth, min_calls)| Some((percent, Window::Time(tenth), min_calls)));
    compare(cases(prop::option::weighted(0.3, 1..4_u32), rate), &FLAWS_OF_RATES, seen, Model::of);
}
