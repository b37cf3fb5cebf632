//! One circuit and every order in which threads can come to it.
//!
//! The time stands still, so that no lease expires.

use std::task::{Poll, Waker};
use std::time::Duration;

use ::loom::thread;
use std::time::Instant;

use super::answers::{Admission, Outcome, Transition};
use super::config::Config;
use super::permit::Permit;
use super::rate::{Rate, Window};
use super::shared::Shared;
use super::status::{BreakerState, CircuitState};
use crate::sync::{Arc, Mutex, block_on, check, check_within};

const RESET: Duration = Duration::from_secs(60);

const FIRST: Config =
    Config { fail_max: 1, rate: None, reset_timeout: RESET, probes: 1, close_after: 1, wait: false };

type Told = Vec<Transition>;

fn admit(shared: &Shared, now: Instant) -> (Admission, Told) {
    let (admission, transitions) = shared.arrive_and_admit(|| now);
    (admission, transitions.into_iter().collect())
}

fn admitted(shared: &Shared, now: Instant) -> Permit {
    match shared.arrive_and_admit(|| now).0 {
        Admission::Admitted(permit) => permit,
        rejected => panic!("{rejected:?}"),
    }
}

fn fail(shared: &Shared, permit: Permit, now: Instant) -> Told {
    shared.record(permit, Outcome::Failure(|| "down".to_owned()), || now).into_iter().collect()
}

fn succeed(shared: &Shared, permit: Permit, now: Instant) -> Told {
    shared.record(permit, Outcome::<fn() -> String>::Success, || now).into_iter().collect()
}

fn cancel(shared: &Shared, permit: Permit, now: Instant) -> Told {
    shared.record(permit, Outcome::<fn() -> String>::Cancelled, || now).into_iter().collect()
}

/// A run that arrives, and succeeds if it is let through.
fn run(shared: &Shared, now: Instant) -> Told {
    let (admission, mut told) = admit(shared, now);
    if let Admission::Admitted(permit) = admission {
        told.extend(succeed(shared, permit, now));
    }
    told
}

/// What an open circuit is when its time has come; and that time.
fn due(config: Config) -> (Arc<Shared>, Instant) {
    let (shared, start) = (Arc::new(Shared::new(config)), Instant::now());
    for _ in 0..config.fail_max {
        fail(&shared, admitted(&shared, start), start);
    }
    (shared, start + RESET)
}

/// A run that waits as long as it is told to.
async fn waits(shared: &Shared, now: Instant) -> (Admission, Told) {
    let (mut place, mut told) = (None, Told::new());
    std::future::poll_fn(move |cx| {
        let (admission, transitions) = shared.wait(&mut place, now, cx.waker().clone());
        told.extend(transitions);
        match admission {
            Admission::Waits(_) => Poll::Pending,
            answer => Poll::Ready((answer, std::mem::take(&mut told))),
        }
    })
    .await
}

/// A run that looks once, and gives up if it has to wait.
fn looks(shared: &Shared, now: Instant) -> Admission {
    let mut place = None;
    let (admission, _) = shared.wait(&mut place, now, Waker::noop().clone());
    shared.leave(&mut place);
    admission
}

/// Half-open, with the probe, and runs wait for it.
fn probed() -> (Arc<Shared>, Permit, Instant) {
    let (shared, now) = due(Config { wait: true, ..FIRST });
    let probe = admitted(&shared, now);
    assert!(probe.is_probe());
    (shared, probe, now)
}

fn spawn<T: 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce(&Shared) -> T + 'static,
) -> thread::JoinHandle<T> {
    let shared = shared.clone();
    thread::spawn(move || work(&shared))
}

/// The state, which the word and what is under the lock agree on.
fn state(shared: &Shared, now: Instant) -> CircuitState {
    let state = shared.look(|state| state.kind());
    assert_eq!(shared.observe(|| now).kind(), state);
    state
}

fn changes(told: &Told) -> Vec<(CircuitState, CircuitState)> {
    told.iter().map(|change| (change.old_state, change.new_state)).collect()
}

/// What was told is one walk from closed to `end`: every state is left as often as it is entered.
#[track_caller]
fn assert_walk(told: &Told, end: CircuitState) {
    let mut balance = [0_i32; 4];
    for (old, new) in changes(told) {
        assert_ne!(old, new);
        balance[old as usize] -= 1;
        balance[new as usize] += 1;
    }
    balance[CircuitState::Closed as usize] += 1;
    balance[end as usize] -= 1;
    assert_eq!(balance, [0; 4], "{told:?} to {end}");
}

#[test]
fn one_of_two_runs_is_the_probe() {
    check(|| {
        let (shared, now) = due(FIRST);
        let other = spawn(&shared, move |shared| admit(shared, now));
        let (one, mut told) = admit(&shared, now);
        let (other, more) = other.join().unwrap();
        told.extend(more);
        let permit = match (one, other) {
            (Admission::Admitted(permit), Admission::HalfOpen) => permit,
            (Admission::HalfOpen, Admission::Admitted(permit)) => permit,
            both => panic!("{both:?}"),
        };
        assert!(permit.is_probe());
        assert_eq!(changes(&told), [(CircuitState::Open, CircuitState::HalfOpen)]);
        assert_eq!(state(&shared, now), CircuitState::HalfOpen);
    });
}

#[test]
fn one_probe_at_a_time_also_when_one_gives_up() {
    check(|| {
        let (shared, now) = due(FIRST);
        let permit = admitted(&shared, now);
        let others = [(); 2].map(|()| spawn(&shared, move |shared| admit(shared, now)));
        let mut told = cancel(&shared, permit, now);
        let mut probes = 0;
        for other in others {
            let (admission, more) = other.join().unwrap();
            told.extend(more);
            match admission {
                Admission::Admitted(permit) => {
                    assert!(permit.is_probe());
                    probes += 1;
                }
                Admission::HalfOpen => {}
                other => panic!("the time had come: {other:?}"),
            }
        }
        assert!(probes <= 1);
        assert_eq!(told, []);
    });
}

#[test]
fn who_arrives_while_the_probe_succeeds_is_turned_away_or_runs() {
    check(|| {
        let (shared, now) = due(FIRST);
        let permit = admitted(&shared, now);
        let other = spawn(&shared, move |shared| admit(shared, now));
        let mut told = succeed(&shared, permit, now);
        let (admission, more) = other.join().unwrap();
        told.extend(more);
        match admission {
            Admission::Admitted(permit) => assert!(!permit.is_probe()),
            Admission::HalfOpen => {}
            other => panic!("it is not open: {other:?}"),
        }
        assert_eq!(changes(&told), [(CircuitState::HalfOpen, CircuitState::Closed)]);
        assert_eq!(state(&shared, now), CircuitState::Closed);
    });
}

#[test]
fn who_waits_while_the_probe_gives_up_is_the_next() {
    check(|| {
        let (shared, probe, now) = probed();
        let other = spawn(&shared, move |shared| block_on(waits(shared, now)));
        let told = cancel(&shared, probe, now);
        let (admission, more) = other.join().unwrap();
        assert!(matches!(admission, Admission::Admitted(permit) if permit.is_probe()), "{admission:?}");
        assert_eq!((told, more), (vec![], vec![]));
    });
}

#[test]
fn who_waits_while_the_probe_succeeds_goes_on() {
    check_within(3, || {
        let (shared, probe, now) = probed();
        let others = [(); 2].map(|()| spawn(&shared, move |shared| block_on(waits(shared, now))));
        let mut told = succeed(&shared, probe, now);
        for other in others {
            let (admission, more) = other.join().unwrap();
            assert!(matches!(admission, Admission::Admitted(permit) if !permit.is_probe()), "{admission:?}");
            told.extend(more);
        }
        assert_eq!(changes(&told), [(CircuitState::HalfOpen, CircuitState::Closed)]);
    });
}

#[test]
fn who_waits_while_the_probe_fails_is_turned_away() {
    check_within(3, || {
        let (shared, probe, now) = probed();
        let others = [(); 2].map(|()| spawn(&shared, move |shared| block_on(waits(shared, now))));
        fail(&shared, probe, now);
        for other in others {
            assert!(matches!(other.join().unwrap().0, Admission::Open(_)));
        }
    });
}

#[test]
fn who_gives_up_leaves_its_turn_to_the_next() {
    check_within(3, || {
        let (shared, probe, now) = probed();
        let gives_up = spawn(&shared, move |shared| {
            if let Admission::Admitted(permit) = looks(shared, now) {
                shared.give_back(permit);
            }
        });
        let other = spawn(&shared, move |shared| block_on(waits(shared, now)).0);
        cancel(&shared, probe, now);
        gives_up.join().unwrap();
        assert!(matches!(other.join().unwrap(), Admission::Admitted(permit) if permit.is_probe()));
    });
}

#[test]
fn each_of_those_who_wait_has_its_turn_as_probe() {
    check_within(2, || {
        let (shared, probe, now) = probed();
        let others = [(); 2].map(|()| {
            spawn(&shared, move |shared| match block_on(waits(shared, now)).0 {
                Admission::Admitted(probe) => cancel(shared, probe, now),
                other => panic!("{other:?}"),
            })
        });
        let mut told = cancel(&shared, probe, now);
        for other in others {
            told.extend(other.join().unwrap());
        }
        // Three in a row.
        assert_eq!(changes(&told), [(CircuitState::HalfOpen, CircuitState::Open)]);
    });
}

#[test]
fn the_handle_decides_for_those_who_wait() {
    check(|| {
        let (shared, _probe, now) = probed();
        let other = spawn(&shared, move |shared| block_on(waits(shared, now)));
        shared.isolate();
        let (admission, told) = other.join().unwrap();
        assert_eq!(admission, Admission::Isolated);
        assert_eq!(changes(&told), [(CircuitState::HalfOpen, CircuitState::Isolated)]);
    });
}

#[test]
fn two_failures_trip_once() {
    check(|| {
        let (shared, now) = (Arc::new(Shared::new(FIRST)), Instant::now());
        let [one, other] = [admitted(&shared, now), admitted(&shared, now)];
        let other = spawn(&shared, move |shared| fail(shared, other, now));
        let mut told = fail(&shared, one, now);
        told.extend(other.join().unwrap());
        assert_eq!(changes(&told), [(CircuitState::Closed, CircuitState::Open)]);
        assert!(told[0].tripped && told[0].failures == 1);
        assert_eq!(shared.look(|state| state.failures()), 1);
        assert!(
            matches!(admit(&shared, now).0, Admission::Open(rejection) if rejection.last_failure.is_some())
        );
    });
}

#[test]
fn two_failures_and_a_success_trip_at_most_once() {
    check(|| {
        let shared = Arc::new(Shared::new(Config { fail_max: 2, ..FIRST }));
        let now = Instant::now();
        let [one, two, three] = [(); 3].map(|()| admitted(&shared, now));
        let failures = [one, two].map(|permit| spawn(&shared, move |shared| fail(shared, permit, now)));
        let mut told = succeed(&shared, three, now);
        for failure in failures {
            told.extend(failure.join().unwrap());
        }
        match state(&shared, now) {
            CircuitState::Open => {
                assert_eq!(changes(&told), [(CircuitState::Closed, CircuitState::Open)]);
                assert!(told[0].tripped && told[0].failures == 2);
            }
            // The success came between the failures.
            CircuitState::Closed => {
                assert_eq!(told, []);
                assert_eq!(shared.look(|state| state.failures()), 1);
            }
            other => panic!("{other}"),
        }
    });
}

#[test]
fn the_failures_of_those_who_ran_before_the_probe_do_not_count() {
    check(|| {
        let (shared, start) = (Arc::new(Shared::new(FIRST)), Instant::now());
        let now = start + RESET;
        let [late, first] = [admitted(&shared, start), admitted(&shared, start)];
        fail(&shared, first, start);
        let late = spawn(&shared, move |shared| fail(shared, late, now));
        let told = run(&shared, now);
        assert_eq!(late.join().unwrap(), []);
        assert_walk(&[fail_told(), told].concat(), CircuitState::Closed);
        assert_eq!(state(&shared, now), CircuitState::Closed);
    });
}

/// That of the first failure.
fn fail_told() -> Told {
    vec![Transition {
        old_state: CircuitState::Closed,
        new_state: CircuitState::Open,
        failures: 1,
        tripped: true,
        by_rate: false,
    }]
}

#[test]
fn a_change_by_the_handle_is_told_once() {
    check(|| {
        let (shared, now) = (Arc::new(Shared::new(FIRST)), Instant::now());
        let before = admitted(&shared, now);
        let handle = spawn(&shared, move |shared| shared.isolate());
        let arrives = spawn(&shared, move |shared| run(shared, now));
        let mut told = succeed(&shared, before, now);
        handle.join().unwrap();
        told.extend(arrives.join().unwrap());
        // If nobody saw it, then this does.
        let (admission, last) = admit(&shared, now);
        assert_eq!(admission, Admission::Isolated);
        told.extend(last);
        assert_eq!(changes(&told), [(CircuitState::Closed, CircuitState::Isolated)]);
        assert_eq!(state(&shared, now), CircuitState::Isolated);
    });
}

#[test]
fn changes_by_the_handle_and_by_runs_are_one_walk() {
    check_within(3, || {
        let (shared, now) = (Arc::new(Shared::new(FIRST)), Instant::now());
        let before = admitted(&shared, now);
        let handle = spawn(&shared, move |shared| {
            shared.force_open(now);
            shared.force_close();
        });
        let arrives = spawn(&shared, move |shared| run(shared, now));
        let mut told = fail(&shared, before, now);
        handle.join().unwrap();
        told.extend(arrives.join().unwrap());
        told.extend(admit(&shared, now).1);
        assert_walk(&told, state(&shared, now));
    });
}

#[test]
fn who_looks_sees_the_word_or_the_state_but_no_third() {
    check(|| {
        let (shared, now) = (Arc::new(Shared::new(FIRST)), Instant::now());
        let permit = admitted(&shared, now);
        let looks = spawn(&shared, move |shared| [(); 2].map(|()| shared.observe(|| now)));
        fail(&shared, permit, now);
        let open = BreakerState::Open { retry_after: RESET };
        match looks.join().unwrap() {
            [BreakerState::Closed, BreakerState::Closed] => {}
            [BreakerState::Closed, later] => assert_eq!(later, open),
            both => assert_eq!(both, [open, open]),
        }
    });
}

/// The latest two runs, of which one that failed opens.
const HALF: Config = Config {
    fail_max: Config::NO_COUNT,
    rate: Some(Rate { failure_rate: 0.5, window: Window::Calls(2), min_calls: 2 }),
    ..FIRST
};

#[test]
fn a_window_counts_every_run_once_and_opens_once() {
    check_within(3, || {
        let (shared, now) = (Arc::new(Shared::new(HALF)), Instant::now());
        let [one, two, three] = [(); 3].map(|()| admitted(&shared, now));
        let failure = spawn(&shared, move |shared| fail(shared, one, now));
        let success = spawn(&shared, move |shared| succeed(shared, two, now));
        let mut told = succeed(&shared, three, now);
        told.extend(failure.join().unwrap());
        told.extend(success.join().unwrap());
        // Wherever the failure is among the three, it is one of two at some time.
        assert_eq!(changes(&told), [(CircuitState::Closed, CircuitState::Open)]);
        assert!(told[0].tripped && told[0].by_rate);
        assert_eq!(state(&shared, now), CircuitState::Open);
        assert!(
            matches!(admit(&shared, now).0, Admission::Open(rejection) if rejection.last_failure.is_some())
        );
    });
}

#[test]
fn a_window_that_the_handle_empties_counts_no_run_from_before() {
    check(|| {
        let (shared, now) = (Arc::new(Shared::new(HALF)), Instant::now());
        let before = [(); 2].map(|()| admitted(&shared, now));
        let failures = before.map(|permit| spawn(&shared, move |shared| fail(shared, permit, now)));
        shared.reset();
        let told: Told = failures.into_iter().flat_map(|failure| failure.join().unwrap()).collect();
        if told.is_empty() {
            assert_eq!(state(&shared, now), CircuitState::Closed);
            assert_eq!(shared.look(|state| state.failure_rate(now)), None);
        }
        shared.reset();
        assert_eq!(shared.look(|state| state.failure_rate(now)), None);
        succeed(&shared, admitted(&shared, now), now);
        assert_eq!(shared.look(|state| state.failure_rate(now)), Some(0.0));
    });
}

#[test]
fn a_window_of_time_counts_every_run_once() {
    check_within(3, || {
        let window = Window::Time(Duration::from_secs(10));
        let rate = Some(Rate { failure_rate: 0.5, window, min_calls: 4 });
        let (shared, now) = (Arc::new(Shared::new(Config { rate, ..HALF })), Instant::now());
        let [one, two, three] = [(); 3].map(|()| admitted(&shared, now));
        let failure = spawn(&shared, move |shared| fail(shared, one, now));
        let success = spawn(&shared, move |shared| succeed(shared, two, now));
        let mut told = succeed(&shared, three, now);
        told.extend(failure.join().unwrap());
        told.extend(success.join().unwrap());
        assert_eq!((told, state(&shared, now)), (vec![], CircuitState::Closed));
        assert_eq!(shared.look(|state| state.failure_rate(now)), Some(1.0 / 3.0));
        let told = fail(&shared, admitted(&shared, now), now);
        assert!(told[0].tripped && told[0].by_rate);
    });
}

#[test]
fn whatever_became_of_the_probes_a_further_run_gets_in() {
    check_within(3, || {
        let (shared, now) = due(FIRST);
        let probe = admitted(&shared, now);
        let handle = spawn(&shared, move |shared| shared.force_open(now));
        let arrives = spawn(&shared, move |shared| {
            if let Admission::Admitted(probe) = admit(shared, now).0 {
                fail(shared, probe, now);
            }
        });
        cancel(&shared, probe, now);
        handle.join().unwrap();
        arrives.join().unwrap();
        let later = now + RESET;
        succeed(&shared, admitted(&shared, later), later);
        assert_eq!(state(&shared, later), CircuitState::Closed);
        assert!(!admitted(&shared, later).is_probe());
    });
}

#[test]
fn who_waits_first_is_the_next_probe_and_nobody_overtakes() {
    check_within(3, || {
        let (shared, probe, now) = probed();
        let mut place = None;
        let (answer, _) = shared.wait(&mut place, now, Waker::noop().clone());
        assert!(matches!(answer, Admission::Waits(_)));
        let others = [(); 2].map(|()| spawn(&shared, move |shared| looks(shared, now)));
        cancel(&shared, probe, now);
        for other in others {
            let answer = other.join().unwrap();
            assert!(matches!(answer, Admission::Waits(_)), "it has overtaken: {answer:?}");
        }
        let (answer, _) = shared.wait(&mut place, now, Waker::noop().clone());
        assert!(matches!(answer, Admission::Admitted(permit) if permit.is_probe()), "{answer:?}");
        assert!(place.is_none());
    });
}

// ----- the same of one that is wrong -----

/// A breaker that opens with the second failure.
trait Breaks: Sized + Send + Sync + 'static {
    type Permit: Copy + Send + 'static;
    fn new() -> Self;
    fn admit(&self, now: Instant) -> Option<Self::Permit>;
    fn fail(&self, permit: Self::Permit, now: Instant);
    fn force_open(&self, now: Instant);
    fn force_close(&self);
    /// Those that count, if it is closed.
    fn failures(&self) -> Option<u32>;
}

impl Breaks for Shared {
    type Permit = Permit;

    fn new() -> Self {
        Shared::new(Config { fail_max: 2, ..FIRST })
    }

    fn admit(&self, now: Instant) -> Option<Permit> {
        match admit(self, now).0 {
            Admission::Admitted(permit) => Some(permit),
            _ => None,
        }
    }

    fn fail(&self, permit: Permit, now: Instant) {
        fail(self, permit, now);
    }

    fn force_open(&self, now: Instant) {
        self.force_open(now);
    }

    fn force_close(&self) {
        self.force_close();
    }

    fn failures(&self) -> Option<u32> {
        self.look(|state| (state.kind() == CircuitState::Closed).then(|| state.failures()))
    }
}

/// It counts, whenever a run began.
struct CountsAll(Mutex<(u32, bool)>);

impl Breaks for CountsAll {
    type Permit = ();

    fn new() -> Self {
        CountsAll(Mutex::new((0, false)))
    }

    fn admit(&self, _now: Instant) -> Option<()> {
        (!self.0.lock().unwrap().1).then_some(())
    }

    fn fail(&self, (): (), _now: Instant) {
        let (failures, is_open) = &mut *self.0.lock().unwrap();
        if !*is_open {
            *failures += 1;
            *is_open = *failures == 2;
        }
    }

    fn force_open(&self, _now: Instant) {
        self.0.lock().unwrap().1 = true;
    }

    fn force_close(&self) {
        *self.0.lock().unwrap() = (0, false);
    }

    fn failures(&self) -> Option<u32> {
        let (failures, is_open) = *self.0.lock().unwrap();
        (!is_open).then_some(failures)
    }
}

/// Two runs from before the handle opens and closes it fail in other threads.
fn stale_results_move_nothing<B: Breaks>() {
    check_within(3, || {
        let (breaker, now) = (Arc::new(B::new()), Instant::now());
        let before = [(); 2].map(|()| breaker.admit(now).unwrap());
        let failures = before.map(|permit| {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.fail(permit, now))
        });
        breaker.force_open(now);
        breaker.force_close();
        let after = breaker.admit(now);
        for failure in failures {
            failure.join().unwrap();
        }
        assert_eq!(breaker.failures(), Some(0), "a stale result counts");
        breaker.fail(after.expect("it was closed"), now);
        assert_eq!(breaker.failures(), Some(1));
    });
}

#[test]
fn results_from_before_the_handle_has_changed_the_state_move_nothing() {
    stale_results_move_nothing::<Shared>();
}

#[test]
#[should_panic = "a stale result counts"]
fn one_that_counts_all_is_found_out() {
    stale_results_move_nothing::<CountsAll>();
}
