//! One test per rule of the circuit, named after it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use super::super::answers::Look;
use super::super::handle::Breaker;
use super::super::rate::{Rate, Window};
use super::super::shared::Arrival;
use super::super::state::State;
use super::super::status::BreakerState;
use super::CircuitState::{Closed, HalfOpen, Isolated, Open};
use super::*;
use crate::blocks::gatekeepers;
use crate::blocks::gatekeepers::Ticket;

// ----- closed: consecutive failures -----

#[test]
fn the_failure_that_reaches_fail_max_opens() {
    let circuit = Circuit::new(DEFAULTS);
    for n in 1..5 {
        assert_eq!(circuit.fail(circuit.admitted(), "no"), None);
        assert_eq!((circuit.kind(), circuit.failures()), (Closed, n));
    }
    let tripped = circuit.fail(circuit.admitted(), "no");
    assert_eq!(tripped, Some(change(Closed, Open, 5, true)));
    assert_eq!(circuit.kind(), Open);
}

#[test]
fn a_success_and_an_ignored_error_reset_the_count() {
    let circuit = Circuit::new(DEFAULTS);
    for end in [Circuit::succeed, Circuit::ignore] {
        for _ in 0..4 {
            circuit.fail(circuit.admitted(), "no");
        }
        assert_eq!(end(&circuit, circuit.admitted()), None);
        assert_eq!(circuit.failures(), 0);
    }
    assert_eq!(circuit.kind(), Closed);
}

#[test]
fn failures_count_in_order_of_completion() {
    let circuit = Circuit::new(Config { fail_max: 2, ..DEFAULTS });
    let (first, second, third) = (circuit.admitted(), circuit.admitted(), circuit.admitted());
    circuit.fail(third, "third");
    circuit.succeed(first);
    circuit.fail(second, "second");
    assert_eq!((circuit.kind(), circuit.failures()), (Closed, 1));
}

#[test]
fn a_success_that_does_not_open_is_settled_without_the_time() {
    let rate = Rate { failure_rate: 1.0, window: Window::Calls(9), min_calls: 9 };
    let mut state = State::new(Config { fail_max: Config::NO_COUNT, rate: Some(rate), ..DEFAULTS });
    assert_eq!(state.succeed(Permit::closed(0)), Look::Settled(None));
    assert_eq!(state.failure_rate(Instant::now()), Some(0.0), "it is recorded");
}

#[test]
fn a_closed_circuit_reads_no_clock() {
    let circuit = Circuit::new(DEFAULTS);
    circuit.succeed(circuit.admitted());
    circuit.cancel(circuit.admitted());
    for _ in 0..4 {
        circuit.fail(circuit.admitted(), "no");
    }
    circuit.ignore(circuit.admitted());
    assert_eq!(circuit.shared.observe(|| circuit.clock()), BreakerState::Closed);
    circuit.shared.force_open(circuit.now);
    circuit.shared.force_close();
    circuit.shared.reset();
    circuit.admitted();
    // Nor where the change by its handle has not been seen.
    let run = circuit.admitted();
    circuit.shared.isolate();
    circuit.cancel(run);
    circuit.shared.force_close();
    circuit.admitted();
    assert_eq!(circuit.readings.get(), 0);
}

/// Called with the lock held, any of these would not come back.
#[test]
fn the_clock_is_read_outside_of_the_lock() {
    let circuit = Circuit::new(Config { fail_max: 1, reset_timeout: TICK, wait: true, ..DEFAULTS });
    let readings = Cell::new(0_u32);
    let clock = || {
        readings.set(readings.get() + 1);
        assert!(circuit.shared.look(|state| state.config().wait));
        circuit.now + TICK * readings.get()
    };
    let shared = &circuit.shared;
    let ends: [fn() -> Outcome<fn() -> String>; 3] =
        [|| Outcome::Success, || Outcome::Cancelled, || Outcome::Failure(String::new)];
    for end in ends {
        let run = circuit.admitted();
        shared.record(run, Outcome::Failure(String::new), clock);
        let (Admission::Admitted(probe), _) = shared.arrive_and_admit(clock) else { panic!("it is due") };
        shared.record(probe, end(), clock);
        shared.force_open(circuit.now);
        shared.admit(None, clock);
        shared.observe(clock);
        shared.reset();
    }
    assert!(readings.get() >= 12, "{}", readings.get());
}

// ----- open -----

#[test]
fn an_open_circuit_rejects_with_the_time_left() {
    let mut circuit = Circuit::tripped(DEFAULTS);
    assert_eq!(circuit.rejected_open().retry_after, RESET);
    circuit.advance(RESET - TICK);
    circuit.readings.set(0);
    assert_eq!(circuit.rejected_open().retry_after, TICK);
    assert_eq!(circuit.readings.get(), 1, "a rejection reads the clock once");
}

#[test]
fn a_rejection_neither_counts_nor_extends_the_window() {
    let mut circuit = Circuit::tripped(DEFAULTS);
    for _ in 0..59 {
        circuit.advance(Duration::from_secs(1));
        let (_, transitions) = circuit.admit();
        assert_eq!(transitions.into_iter().count(), 0);
    }
    assert_eq!(circuit.failures(), 5);
    circuit.advance(Duration::from_secs(1));
    circuit.admitted();
}

#[test]
fn a_rejection_carries_the_text_of_the_last_failure_formatted_once_and_shared() {
    let circuit = Circuit::new(Config { fail_max: 3, ..DEFAULTS });
    let formatted = Cell::new(0);
    for n in 1..=3 {
        let describe = || {
            formatted.set(formatted.get() + 1);
            format!("failure {n}")
        };
        circuit.shared.record(circuit.admitted(), Outcome::Failure(describe), || circuit.now);
    }
    let texts = [(); 2].map(|()| circuit.rejected_open().last_failure.expect("it tripped"));
    assert_eq!(texts[0].as_str(), "failure 3");
    assert!(std::ptr::eq(texts[0].as_str(), texts[1].as_str()), "shared");
    assert_eq!(formatted.get(), 1);
}

#[test]
fn a_failure_may_look_at_the_breaker_while_it_is_formatted() {
    let circuit = Circuit::new(Config { fail_max: 1, ..DEFAULTS });
    let describe = || format!("failed while {}", circuit.kind());
    circuit.shared.record(circuit.admitted(), Outcome::Failure(describe), || circuit.now);
    assert_eq!(circuit.rejected_open().last_failure.unwrap().as_str(), "failed while closed");
}

#[test]
fn a_failure_whose_text_panics_opens_all_the_same() {
    let circuit = Circuit::new(Config { fail_max: 1, ..DEFAULTS });
    let tripped = circuit.record(circuit.admitted(), Outcome::Failure(|| panic!("in Display")));
    assert_eq!(tripped, Some(change(Closed, Open, 1, true)));
    assert!(circuit.rejected_open().last_failure.unwrap().contains("panicked"));
}

#[test]
fn a_failure_that_no_longer_decides_once_it_is_formatted_counts_only() {
    let circuit = Circuit::new(Config { fail_max: 2, ..DEFAULTS });
    circuit.fail(circuit.admitted(), "first");
    let describe = || {
        circuit.succeed(circuit.admitted());
        "second".to_owned()
    };
    let second = circuit.shared.record(circuit.admitted(), Outcome::Failure(describe), || circuit.now);
    assert_eq!((second, circuit.kind(), circuit.failures()), (None, Closed, 1));
}

// ----- half-open -----

#[test]
fn a_run_at_the_exact_boundary_is_the_probe() {
    let mut circuit = Circuit::tripped(DEFAULTS);
    circuit.advance(RESET - TICK);
    circuit.rejected_open();
    circuit.advance(TICK);
    let (admission, transitions) = circuit.admit();
    assert!(matches!(admission, Admission::Admitted(permit) if permit.is_probe()));
    assert_eq!(transitions.into_iter().collect::<Vec<_>>(), [change(Open, HalfOpen, 5, false)]);
}

#[test]
fn half_open_is_entered_by_a_run_never_by_time() {
    let mut circuit = Circuit::tripped(DEFAULTS);
    circuit.advance(RESET * 10);
    let state = circuit.shared.observe(|| circuit.now);
    assert_eq!(state, BreakerState::Open { retry_after: Duration::ZERO });
    circuit.admitted();
    assert_eq!(circuit.kind(), HalfOpen);
}

#[test]
fn a_probe_that_succeeds_or_is_ignored_closes() {
    for end in [Circuit::succeed, Circuit::ignore] {
        let circuit = Circuit::due(DEFAULTS);
        assert_eq!(end(&circuit, circuit.admitted()), Some(change(HalfOpen, Closed, 0, false)));
        assert_eq!((circuit.kind(), circuit.failures()), (Closed, 0));
        assert_eq!(circuit.shared.look(|state| state.last_failure().cloned()), None);
    }
}

#[test]
fn a_probe_that_fails_opens_with_a_new_window() {
    let mut circuit = Circuit::due(DEFAULTS);
    let probe = circuit.admitted();
    circuit.advance(Duration::from_secs(3));
    assert_eq!(circuit.fail(probe, "still down"), Some(change(HalfOpen, Open, 6, true)));
    let rejection = circuit.rejected_open();
    assert_eq!(rejection.retry_after, RESET);
    assert_eq!(rejection.last_failure.unwrap().as_str(), "still down");
}

#[test]
fn of_fifty_callers_one_runs() {
    let circuit = Circuit::due(DEFAULTS);
    circuit.admitted();
    for _ in 1..50 {
        circuit.rejected_half_open();
    }
}

#[test]
fn several_probes_close_after_as_many_successes() {
    let circuit = Circuit::due(Config { probes: 3, close_after: 3, ..DEFAULTS });
    let probes = [(); 3].map(|()| circuit.admitted());
    circuit.rejected_half_open();
    assert_eq!(circuit.succeed(probes[1]), None);
    assert_eq!(circuit.succeed(probes[0]), None);
    assert_eq!(circuit.succeed(probes[2]), Some(change(HalfOpen, Closed, 0, false)));
}

#[test]
fn probes_bound_those_in_flight_until_close_after_is_reached() {
    let circuit = Circuit::due(Config { probes: 2, close_after: 4, ..DEFAULTS });
    let held = circuit.admitted();
    for _ in 0..3 {
        let probe = circuit.admitted();
        circuit.rejected_half_open();
        assert_eq!(circuit.succeed(probe), None);
    }
    assert_eq!(circuit.succeed(held), Some(change(HalfOpen, Closed, 0, false)));
}

#[test]
fn close_after_may_be_less_than_probes() {
    let circuit = Circuit::due(Config { probes: 3, close_after: 1, ..DEFAULTS });
    let [first, second, _] = [(); 3].map(|()| circuit.admitted());
    assert_eq!(circuit.succeed(second), Some(change(HalfOpen, Closed, 0, false)));
    assert_eq!(circuit.fail(first, "too late"), None);
    assert_eq!(circuit.failures(), 0);
}

#[test]
fn one_failed_probe_opens_and_the_others_no_longer_count() {
    let circuit = Circuit::due(Config { probes: 3, close_after: 3, ..DEFAULTS });
    let [first, second, third] = [(); 3].map(|()| circuit.admitted());
    circuit.succeed(first);
    assert_eq!(circuit.fail(second, "down"), Some(change(HalfOpen, Open, 6, true)));
    assert_eq!((circuit.succeed(third), circuit.kind()), (None, Open));
}

// ----- cancellation -----

#[test]
fn a_cancelled_run_counts_as_nothing() {
    let circuit = Circuit::new(DEFAULTS);
    for _ in 0..4 {
        circuit.fail(circuit.admitted(), "no");
    }
    assert_eq!(circuit.cancel(circuit.admitted()), None);
    assert_eq!((circuit.kind(), circuit.failures()), (Closed, 4));
}

#[test]
fn a_cancelled_probe_frees_its_slot() {
    let circuit = Circuit::due(DEFAULTS);
    let probe = circuit.admitted();
    circuit.rejected_half_open();
    assert_eq!(circuit.cancel(probe), None);
    assert_eq!((circuit.kind(), circuit.failures()), (HalfOpen, 5));
    let (admission, transitions) = circuit.admit();
    assert!(matches!(admission, Admission::Admitted(_)));
    assert_eq!(transitions, Transitions::default());
}

// ----- lost probes -----

/// Half-open as soon as a run arrives, and patient.
fn patient(config: Config) -> Circuit {
    let mut circuit = Circuit::due(config);
    for lost in 1..=3 {
        gatekeepers::something_begins();
        let opens = (lost == 3).then(|| change(HalfOpen, Open, config.fail_max, false));
        assert_eq!(circuit.cancel(circuit.admitted()), opens);
    }
    circuit.advance(config.reset_timeout);
    circuit
}

/// Somebody who waits.
#[derive(Default)]
struct Waiter {
    place: Option<Ticket>,
}

impl Waiter {
    fn look(&mut self, circuit: &Circuit) -> Admission {
        circuit.shared.wait(&mut self.place, circuit.now, Waker::noop().clone()).0
    }
}

#[test]
fn three_lost_probes_in_a_row_open_for_reset_timeout() {
    let mut circuit = Circuit::due(DEFAULTS);
    for opens in [None, None, Some(change(HalfOpen, Open, 5, false))] {
        let probe = circuit.admitted();
        circuit.advance(TICK);
        assert_eq!(circuit.cancel(probe), opens);
    }
    let Rejection { retry_after, last_failure } = circuit.rejected_open();
    assert_eq!((retry_after, last_failure.unwrap().as_str()), (RESET, "failure 5"));
}

#[test]
fn a_report_in_time_breaks_the_row() {
    let circuit = Circuit::due(Config { close_after: 9, ..DEFAULTS });
    for _ in 0..4 {
        assert_eq!(circuit.cancel(circuit.admitted()), None);
        assert_eq!(circuit.cancel(circuit.admitted()), None);
        assert_eq!(circuit.succeed(circuit.admitted()), None);
    }
    assert_eq!(circuit.kind(), HalfOpen);
}

#[test]
fn leases_that_are_over_are_lost_each_once() {
    let mut circuit = Circuit::due(Config { probes: 3, close_after: 3, ..DEFAULTS });
    let probes = [(); 3].map(|()| circuit.admitted());
    circuit.advance(RESET);
    // Two are found too late by themselves, the third by who arrives.
    assert_eq!((circuit.succeed(probes[0]), circuit.cancel(probes[1])), (None, None));
    let (admission, transitions) = circuit.admit();
    assert!(matches!(admission, Admission::Open(Rejection { retry_after: RESET, .. })));
    assert_eq!(transitions.by_run, Some(change(HalfOpen, Open, 5, false)));
    assert_eq!(circuit.cancel(probes[2]), None);
    assert_eq!(circuit.rejected_open().retry_after, RESET);
}

#[test]
fn a_probe_that_did_not_begin_is_not_lost() {
    let circuit = Circuit::due(DEFAULTS);
    for _ in 0..9 {
        circuit.shared.give_back(circuit.admitted());
    }
    assert_eq!(circuit.kind(), HalfOpen);
    circuit.shared.give_back(Permit::closed(0));
    circuit.admitted();
}

#[test]
fn after_lost_probes_runs_wait_until_there_is_a_verdict() {
    let verdicts: [(fn(&Circuit, Permit), CircuitState); 6] = [
        (|circuit, probe| _ = circuit.succeed(probe), Closed),
        (|circuit, probe| _ = circuit.fail(probe, "down"), Open),
        (|circuit, _| circuit.shared.force_close(), Closed),
        (|circuit, _| circuit.shared.reset(), Closed),
        (|circuit, _| circuit.shared.force_open(circuit.now), Open),
        (|circuit, _| circuit.shared.isolate(), Isolated),
    ];
    for (verdict, state) in verdicts {
        let mut circuit = patient(DEFAULTS);
        let probe = circuit.admitted();
        let mut waiters = [(); 3].map(|()| Waiter::default());
        for waiter in &mut waiters {
            assert_eq!(waiter.look(&circuit), Admission::Waits(RESET));
        }
        verdict(&circuit, probe);
        for waiter in &mut waiters {
            let answer = waiter.look(&circuit);
            match state {
                Closed => assert!(matches!(answer, Admission::Admitted(permit) if !permit.is_probe())),
                Open => assert!(matches!(answer, Admission::Open(_))),
                _ => assert_eq!(answer, Admission::Isolated),
            }
        }
        circuit.shared.force_open(circuit.now);
        circuit.advance(RESET);
        circuit.admitted();
        circuit.rejected_half_open();
    }
}

#[test]
fn who_waits_is_let_in_where_a_newcomer_is_not() {
    let mut circuit = patient(Config { probes: 2, close_after: 9, ..DEFAULTS });
    let probes = [(); 2].map(|()| circuit.admitted());
    let mut waiters = [(); 3].map(|()| Waiter::default());
    circuit.advance(TICK);
    for waiter in &mut waiters {
        assert_eq!(waiter.look(&circuit), Admission::Waits(RESET - TICK));
    }
    circuit.succeed(probes[0]);
    assert_eq!(circuit.admit().0, Admission::Waits(Duration::ZERO));
    assert_eq!(waiters[1].look(&circuit), Admission::Waits(RESET), "the time that the first has to take it");
    assert!(matches!(waiters[0].look(&circuit), Admission::Admitted(_)));
    assert_eq!(waiters[1].look(&circuit), Admission::Waits(RESET - TICK));
    circuit.shared.leave(&mut waiters[1].place);
    circuit.succeed(probes[1]);
    assert!(matches!(waiters[2].look(&circuit), Admission::Admitted(_)));
}

#[test]
fn lost_only_to_the_rejections_of_others_a_patient_circuit_rests_without_turning_anybody_away() {
    let mut circuit = patient(DEFAULTS);
    for _ in 0..3 {
        let probe = circuit.admitted();
        gatekeepers::turn_away();
        assert_eq!(circuit.cancel(probe), None);
    }
    let (mut first, mut second) = (Waiter::default(), Waiter::default());
    assert_eq!(first.look(&circuit), Admission::Waits(RESET));
    circuit.advance(RESET - TICK);
    assert_eq!(second.look(&circuit), Admission::Waits(TICK));
    circuit.advance(TICK);
    assert_eq!(second.look(&circuit), Admission::Waits(RESET));
    assert!(matches!(first.look(&circuit), Admission::Admitted(_)));
}

#[test]
fn one_that_was_given_up_among_them_turns_runs_away() {
    let circuit = patient(DEFAULTS);
    for given_up in [false, true, false] {
        let probe = circuit.admitted();
        if given_up {
            gatekeepers::something_begins()
        } else {
            gatekeepers::turn_away()
        }
        circuit.cancel(probe);
    }
    assert_eq!(circuit.rejected_open().retry_after, RESET);
}

#[test]
fn what_was_turned_away_long_ago_takes_no_probe_along() {
    let circuit = patient(DEFAULTS);
    for _ in 0..3 {
        gatekeepers::turn_away();
        circuit.cancel(circuit.admitted());
    }
    assert_eq!(circuit.kind(), Open, "a run has arrived in between");
}

// ----- generations -----

#[test]
fn a_slow_success_from_before_the_trip_cannot_close() {
    let mut circuit = Circuit::new(DEFAULTS);
    let [slow, slower, slowest] = [(); 3].map(|()| circuit.admitted());
    for _ in 0..5 {
        circuit.fail(circuit.admitted(), "no");
    }
    assert_eq!((circuit.succeed(slow), circuit.kind()), (None, Open));
    circuit.advance(RESET);
    let probe = circuit.admitted();
    assert_eq!((circuit.succeed(slower), circuit.kind()), (None, HalfOpen));
    circuit.succeed(probe);
    circuit.fail(circuit.admitted(), "no");
    assert_eq!((circuit.succeed(slowest), circuit.failures()), (None, 1));
}

#[test]
fn a_slow_failure_from_before_the_trip_can_neither_open_again_nor_extend() {
    let mut circuit = Circuit::new(Config { fail_max: 1, ..DEFAULTS });
    let [slow, slower, slowest] = [(); 3].map(|()| circuit.admitted());
    circuit.fail(circuit.admitted(), "trip");
    circuit.advance(RESET - TICK);
    assert_eq!(circuit.fail(slow, "late"), None);
    assert_eq!(circuit.rejected_open().retry_after, TICK);
    circuit.advance(TICK);
    let probe = circuit.admitted();
    assert_eq!((circuit.fail(slower, "late"), circuit.kind()), (None, HalfOpen));
    circuit.succeed(probe);
    assert_eq!((circuit.fail(slowest, "late"), circuit.kind()), (None, Closed));
}

// ----- leases -----

#[test]
fn an_expired_lease_frees_the_slot_and_its_report_moves_nothing() {
    let mut circuit = Circuit::due(DEFAULTS);
    let [hung, too] = [(); 2].map(|()| {
        circuit.advance(RESET - TICK);
        let probe = circuit.admitted();
        circuit.rejected_half_open();
        circuit.advance(TICK);
        probe
    });
    circuit.advance(RESET - TICK * 2);
    circuit.rejected_half_open();
    circuit.advance(TICK);
    let probe = circuit.admitted();
    for (late, end) in [(hung, Circuit::succeed as fn(&_, _) -> _), (too, Circuit::cancel)] {
        assert_eq!((end(&circuit, late), circuit.kind()), (None, HalfOpen));
    }
    assert_eq!(circuit.fail(hung, "late"), None);
    circuit.rejected_half_open();
    assert_eq!(circuit.succeed(probe), Some(change(HalfOpen, Closed, 0, false)));
}

#[test]
fn a_lease_expires_at_its_exact_end_also_when_nobody_took_the_slot() {
    for (late, state) in [(Duration::ZERO, HalfOpen), (TICK, Closed)] {
        let mut circuit = Circuit::due(DEFAULTS);
        let probe = circuit.admitted();
        circuit.advance(RESET - late);
        circuit.succeed(probe);
        assert_eq!(circuit.kind(), state);
        circuit.admitted();
    }
}

// ----- the handle and its events -----

#[test]
fn a_change_by_handle_is_an_event_on_the_next_run_once() {
    let circuit = Circuit::new(DEFAULTS);
    circuit.shared.force_open(circuit.now);
    let (admission, transitions) = circuit.admit();
    assert!(matches!(admission, Admission::Open(Rejection { last_failure: None, .. })));
    assert_eq!(transitions.by_handle, Some(change(Closed, Open, 0, false)));
    assert_eq!(circuit.admit().1, Transitions::default());

    circuit.shared.force_close();
    assert_eq!(circuit.admit().1.by_handle, Some(change(Open, Closed, 0, false)));
    assert_eq!(circuit.admit().1, Transitions::default());
}

#[test]
fn a_run_that_ends_sees_a_change_by_handle_too() {
    for end in [Circuit::succeed, Circuit::ignore, Circuit::cancel, |c: &Circuit, p| c.fail(p, "no")] {
        let circuit = Circuit::new(DEFAULTS);
        let (first, second) = (circuit.admitted(), circuit.admitted());
        circuit.shared.isolate();
        assert_eq!(end(&circuit, first), Some(change(Closed, Isolated, 0, false)));
        assert_eq!(end(&circuit, second), None);
        assert_eq!(circuit.failures(), 0, "admitted before the change, so it moves nothing");
    }
}

#[test]
fn changes_by_handle_that_cancel_out_are_no_event() {
    let circuit = Circuit::new(DEFAULTS);
    circuit.shared.isolate();
    circuit.shared.force_open(circuit.now);
    circuit.shared.force_close();
    assert_eq!(circuit.admit().1, Transitions::default());
}

#[test]
fn a_probe_after_an_unseen_force_open_tells_both_changes() {
    let mut circuit = Circuit::new(DEFAULTS);
    circuit.shared.force_open(circuit.now);
    circuit.advance(RESET);
    let told: Vec<_> = circuit.admit().1.into_iter().collect();
    assert_eq!(told, [change(Closed, Open, 0, false), change(Open, HalfOpen, 0, false)]);
}

#[test]
fn force_open_begins_the_window_anew_and_ends_probing() {
    let mut circuit = Circuit::due(DEFAULTS);
    let probe = circuit.admitted();
    circuit.advance(TICK);
    circuit.shared.force_open(circuit.now);
    assert_eq!(circuit.succeed(probe), Some(change(HalfOpen, Open, 5, false)));
    assert_eq!(circuit.rejected_open(), Rejection { retry_after: RESET, last_failure: None });
    circuit.advance(RESET - TICK);
    circuit.shared.force_open(circuit.now);
    assert_eq!(circuit.rejected_open().retry_after, RESET);
}

#[test]
fn force_close_keeps_the_count_of_a_closed_circuit_and_reset_does_not() {
    let circuit = Circuit::new(DEFAULTS);
    let run = circuit.admitted();
    circuit.fail(circuit.admitted(), "no");
    circuit.shared.force_close();
    assert_eq!(circuit.failures(), 1);
    circuit.fail(run, "no");
    assert_eq!(circuit.failures(), 2, "the generation goes on");

    let run = circuit.admitted();
    circuit.shared.reset();
    assert_eq!((circuit.fail(run, "no"), circuit.failures()), (None, 0));
}

#[test]
fn isolation_ends_by_the_handle_only() {
    let mut circuit = Circuit::tripped(DEFAULTS);
    circuit.shared.isolate();
    circuit.advance(RESET * 1000);
    assert_eq!((circuit.admit().0, circuit.kind()), (Admission::Isolated, Isolated));
    for lift in [Shared::force_close, Shared::reset] {
        circuit.shared.isolate();
        lift(&circuit.shared);
        assert_eq!((circuit.kind(), circuit.failures()), (Closed, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_handle_keeps_tokios_time() {
    let breaker = Breaker::builder().reset_timeout(RESET).build();
    let other = breaker.clone();
    breaker.force_open();
    tokio::time::advance(RESET / 4).await;
    assert_eq!(other.state(), BreakerState::Open { retry_after: RESET * 3 / 4 });
    tokio::time::advance(RESET).await;
    assert_eq!(other.state(), BreakerState::Open { retry_after: Duration::ZERO });
    assert!(matches!(other.admit(None, crate::runtime::Local::time).0, Admission::Admitted(_)));
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[test]
fn debug_shows_state_and_options() {
    let breaker = Breaker::builder().fail_max(1).build();
    let Arrival::Admitted(run) = breaker.arrive(Instant::now) else { panic!("rejected") };
    breaker.record(run, Outcome::Failure(|| "down".to_owned()), Instant::now);
    let text = format!("{breaker:?}");
    for part in ["Open", "failures: 1", "\"down\"", "fail_max: 1", "60s", "probes: 1", "close_after: 1"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

// ----- extremes -----

#[test]
fn a_probe_frees_its_slot_whatever_the_number_of_its_lease() {
    let circuit = Circuit::due(Config { close_after: u32::MAX, ..DEFAULTS });
    for _ in 0..100 {
        assert_eq!(circuit.succeed(circuit.admitted()), None);
    }
    assert_eq!(circuit.shared.look(|state| state.kind()), HalfOpen);
}

#[test]
fn a_clock_near_its_end_changes_nothing() {
    let mut circuit = Circuit::new(Config { reset_timeout: Duration::MAX, wait: true, ..DEFAULTS });
    // As far as it goes.
    for bit in (0..63).rev() {
        circuit.now = circuit.now.checked_add(Duration::from_secs(1 << bit)).unwrap_or(circuit.now);
    }
    circuit.shared.force_open(circuit.now);
    let forever = Admission::Open(Rejection { retry_after: Duration::MAX, last_failure: None });
    assert_eq!(circuit.admit().0, forever);
    assert_eq!(circuit.shared.observe(|| circuit.now), BreakerState::Open { retry_after: Duration::MAX });
    circuit.now -= RESET;
    assert_eq!(circuit.admit().0, forever, "a reading from before");

    let mut circuit = Circuit::due(Config { wait: true, ..DEFAULTS });
    for bit in (0..63).rev() {
        circuit.now = circuit.now.checked_add(Duration::from_secs(1 << bit)).unwrap_or(circuit.now);
    }
    let probe = circuit.admitted();
    assert_eq!(Waiter::default().look(&circuit), Admission::Waits(RESET));
    assert_eq!(circuit.succeed(probe), Some(change(HalfOpen, Closed, 0, false)));
}

#[test]
fn huge_times_saturate() {
    let mut circuit = Circuit::tripped(Config { reset_timeout: Duration::MAX, ..DEFAULTS });
    assert_eq!(circuit.rejected_open().retry_after, Duration::MAX);
    circuit.advance(Duration::from_secs(1));
    assert_eq!(circuit.rejected_open().retry_after, Duration::MAX - Duration::from_secs(1));
}

#[test]
fn a_clock_reading_from_before_the_trip_leaves_the_whole_time() {
    let mut circuit = Circuit::tripped(DEFAULTS);
    circuit.now -= TICK;
    assert_eq!(circuit.rejected_open().retry_after, RESET);
}

#[test]
fn impossible_options_panic_with_their_name() {
    let cases: [(&str, fn()); 4] = [
        ("fail_max", || drop(Breaker::builder().fail_max(0))),
        ("reset_timeout", || drop(Breaker::builder().reset_timeout(Duration::ZERO))),
        ("probes", || drop(Breaker::builder().probes(0))),
        ("close_after", || drop(Breaker::builder().close_after(0))),
    ];
    for (name, build) in cases {
        let panic = catch_unwind(AssertUnwindSafe(build)).expect_err(name);
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string())).unwrap();
        assert!(text.contains(&format!("`{name}`")), "{text}");
    }
}

#[test]
fn sizes_stay_small() {
    assert_eq!(size_of::<Breaker>(), 8);
    assert_eq!(size_of::<Option<Permit>>(), 8);
    assert_eq!(size_of::<Option<crate::LastFailure>>(), 8);
    assert!(size_of::<Rejection>() <= 24);
}
