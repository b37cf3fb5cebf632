//! Threads at one circuit. The time stands still, so that no lease expires.

use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::thread;

use super::*;

const THREADS: u64 = 8;

/// A source of choices, the same in every test run for the same seed.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

fn no_text() -> Outcome<fn() -> String> {
    Outcome::Failure(String::new)
}

#[test]
fn of_many_threads_at_the_boundary_as_many_as_probes_run() {
    for round in 0..300 {
        let probes = 1 + round % 3;
        let circuit = Circuit::due(Config { probes, close_after: probes, ..DEFAULTS });
        let (shared, now) = (&circuit.shared, circuit.now);
        let barrier = Barrier::new(THREADS as usize);
        let (admitted, changes) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    let (admission, transitions) = shared.arrive_and_admit(|| now);
                    changes.fetch_add(transitions.into_iter().count() as u32, Ordering::Relaxed);
                    match admission {
                        Admission::Admitted(_) => _ = admitted.fetch_add(1, Ordering::Relaxed),
                        Admission::HalfOpen => {}
                        other => panic!("the time had come: {other:?}"),
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), probes);
        assert_eq!(changes.into_inner(), 1);
    }
}

#[test]
fn never_more_than_probes_are_in_flight_while_half_open() {
    let circuit = Circuit::due(Config { probes: 3, close_after: u32::MAX, ..DEFAULTS });
    let (shared, now) = (&circuit.shared, circuit.now);
    let in_flight = AtomicI64::new(0);
    let in_flight = &in_flight;
    thread::scope(|scope| {
        for seed in 1..=THREADS {
            scope.spawn(move || {
                let mut choices = Choices(seed);
                for _ in 0..5_000 {
                    let Admission::Admitted(permit) = shared.arrive_and_admit(|| now).0 else { continue };
                    let others = in_flight.fetch_add(1, Ordering::SeqCst);
                    assert!(others < 3, "{others} before this one");
                    thread::yield_now();
                    in_flight.fetch_sub(1, Ordering::SeqCst);
                    // Not cancelled, as three of them in a row would end it.
                    if choices.below(2) == 0 {
                        shared.give_back(permit);
                    } else {
                        let success = Outcome::<fn() -> String>::Success;
                        assert_eq!(shared.record(permit, success, || now), None);
                    }
                }
            });
        }
    });
    assert_eq!(circuit.kind(), CircuitState::HalfOpen);
    for _ in 0..3 {
        circuit.admitted();
    }
    circuit.rejected_half_open();
}

/// Whatever the threads did, what they were told is one walk from state to state: every state is left as often as it is
/// entered, except where the walk began and where it ends.
#[test]
fn every_change_is_told_exactly_once() {
    for seed in 1..=20 {
        let circuit = Circuit::new(Config {
            fail_max: 2,
            rate: None,
            reset_timeout: TICK,
            probes: 2,
            close_after: 2,
            wait: false,
        });
        let (shared, start) = (&circuit.shared, circuit.now);
        let clock = &AtomicU32::new(0);
        let told: Vec<Transition> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| scope.spawn(move || work(shared, start, clock, seed * THREADS + thread)))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        // One more run sees whatever the handle did last.
        let last = circuit.shared.arrive_and_admit(|| start).1;
        let mut balance = [0_i32; 4];
        for transition in told.into_iter().chain(last) {
            assert_ne!(transition.old_state, transition.new_state);
            balance[transition.old_state as usize] -= 1;
            balance[transition.new_state as usize] += 1;
        }
        balance[CircuitState::Closed as usize] += 1;
        balance[circuit.kind() as usize] -= 1;
        assert_eq!(balance, [0; 4]);
    }
}

fn work(shared: &Shared, start: Instant, clock: &AtomicU32, seed: u64) -> Vec<Transition> {
    let now = || start + TICK * clock.fetch_add(1, Ordering::Relaxed);
    let mut choices = Choices(seed);
    let mut told = Vec::new();
    for _ in 0..500 {
        match choices.below(40) {
            0 => shared.force_open(now()),
            1 => shared.force_close(),
            2 => shared.reset(),
            3 => shared.isolate(),
            _ => {}
        }
        let (admission, transitions) = shared.arrive_and_admit(now);
        told.extend(transitions);
        if let Admission::Admitted(permit) = admission {
            let outcome = match choices.below(4) {
                0 => Outcome::Success,
                1 => Outcome::Cancelled,
                _ => no_text(),
            };
            told.extend(shared.record(permit, outcome, now));
        }
    }
    told
}
