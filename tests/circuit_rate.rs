//! The block `circuit` with a rate of failures.

use std::pin::pin;
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::retry::{constant, exponential, fibonacci};
use async_orch::{Breaker, BreakerState, CircuitState, Run, pipeline, task};
use tokio::time::{advance, sleep};

use common::{Oops, poll_once};

mod common;

const OPEN: &str = "block `circuit` did not run: the circuit is open, retry in 60s (last failure: down)";
const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Succeed,
    Fail,
    /// An error that is ignored.
    Ignored,
    /// Dropped before it ends.
    Cancel,
    /// Turned away by a circuit inside.
    Reject,
}

use Act::{Cancel, Fail, Ignored, Reject, Succeed};

#[task]
async fn call(act: Act) -> Result<(), Oops> {
    match act {
        Succeed => Ok(()),
        Fail => Err(Oops("down")),
        Ignored => Err(Oops("not found")),
        Cancel | Reject => std::future::pending().await,
    }
}

/// A pipeline over `call` behind this breaker.
macro_rules! behind {
    ($breaker:expr) => {{
        let isolated = Breaker::new();
        isolated.isolate();
        pipeline! {
            let isolated = isolated;
            |act: Act|
            circuit(breaker = $breaker, ignore = |e| e.to_string().ends_with("not found")) < choose(*act) <
                Reject => circuit(breaker = isolated) < call(Reject) >,
                _ => call(*act),
            > >
        }
    }};
}

async fn run<P: Run<In = Act, Out = ()>>(p: &P, act: Act) {
    if act == Cancel {
        assert!(poll_once(pin!(p.run(act))).is_pending());
    } else {
        let _ = p.run(act).await;
    }
}

async fn times<P: Run<In = Act, Out = ()>>(p: &P, count: usize, act: Act) {
    for _ in 0..count {
        run(p, act).await;
    }
}

fn is_closed(breaker: &Breaker) -> bool {
    breaker.state() == BreakerState::Closed
}

#[tokio::test(start_paused = true)]
async fn circuit_13_so_many_of_the_latest_runs_failed_opens_it() {
    let p = pipeline! { |_: Act| circuit(failure_rate = 0.5, window = 4) < call > };
    for one in [Succeed, Fail, Succeed] {
        run(&p, one).await;
    }
    assert!(p.run(Succeed).await.is_ok());
    // The oldest two are forgotten: fail, succeed, succeed, fail.
    run(&p, Fail).await;
    let rejected = p.run(Succeed).await.unwrap_err();
    assert_eq!(rejected.to_string(), OPEN);
}

#[tokio::test(start_paused = true)]
async fn circuit_13_so_many_of_those_in_a_time_failed_opens_it() {
    let p = pipeline! { |_: Act| circuit(failure_rate = 0.5, window = 10s, min_calls = 2) < call > };
    times(&p, 2, Succeed).await;
    run(&p, Fail).await;
    assert!(p.run(Succeed).await.is_ok(), "one of four");
    advance(10 * SECOND).await;
    run(&p, Fail).await;
    assert!(p.run(Succeed).await.is_ok_and(|()| true), "one of one is too few");
    assert!(p.run(Succeed).await.is_err(), "one of two");
}

#[tokio::test(start_paused = true)]
async fn circuit_13_the_share_is_reached_and_not_passed() {
    for (failures, rate) in [(7, 0.07), (29, 0.29), (57, 0.57), (58, 0.58), (100, 1.0)] {
        let breaker = Breaker::builder().failure_rate(rate).window(100).min_calls(100).build();
        let p = behind!(&breaker);
        times(&p, 100 - failures, Succeed).await;
        times(&p, failures - 1, Fail).await;
        assert!(is_closed(&breaker), "{failures}");
        run(&p, Fail).await;
        assert!(!is_closed(&breaker), "{failures}");
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_13_a_window_really_slides() {
    let breaker = Breaker::builder().failure_rate(0.5).window(100).build();
    let p = behind!(&breaker);
    times(&p, 100_000, Succeed).await;
    times(&p, 49, Fail).await;
    assert!(is_closed(&breaker));
    run(&p, Fail).await;
    assert!(!is_closed(&breaker));
}

#[tokio::test(start_paused = true)]
async fn circuit_13_a_rate_does_not_mind_who_is_faster() {
    #[task]
    async fn fast_if_failing(id: u64, failing: u64, of: u64) -> Result<u64, Oops> {
        if id * 7 % of < failing {
            return Err(Oops("down"));
        }
        sleep(20 * MILLI).await;
        Ok(id)
    }
    // One in three opens it after some 15 runs if failures in a row are counted. A rate waits until successes have ended too.
    for (failing, of, opens) in [(1, 3, false), (7, 10, true)] {
        let breaker = Breaker::builder().failure_rate(0.5).window(100).min_calls(100).build();
        let p = pipeline! {
            |_: std::ops::Range<u64>|
            each(limit = 32, settle) < circuit(breaker = &breaker) < fast_if_failing(_, failing, of) > >
        };
        let results = p.run(0..3_000).await.unwrap();
        let ran = results.iter().filter(|end| !matches!(end, Err(e) if e.kind().is_rejection())).count();
        assert_eq!(!is_closed(&breaker), opens);
        let succeeded = results.iter().filter(|end| end.is_ok()).count();
        if opens {
            assert!(ran <= 200, "{ran} runs");
        } else {
            assert_eq!((ran, succeeded), (3_000, 2_000));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_14_fewer_than_min_calls_are_not_judged() {
    let breaker = Breaker::builder().failure_rate(0.1).window(100).build();
    let p = behind!(&breaker);
    times(&p, 19, Fail).await;
    assert!(is_closed(&breaker));
    run(&p, Fail).await;
    assert!(!is_closed(&breaker), "twenty if not said");

    let breaker = Breaker::builder().failure_rate(0.1).window(5).build();
    let p = behind!(&breaker);
    times(&p, 4, Fail).await;
    assert!(is_closed(&breaker));
    run(&p, Fail).await;
    assert!(!is_closed(&breaker), "or a whole window of fewer");
}

#[tokio::test(start_paused = true)]
async fn circuit_14_a_success_may_make_them_enough() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: Act| circuit(failure_rate = 0.5, window = 100, min_calls = 4) < call > };
    let p = p.with_bus(&recorder);
    times(&p, 2, Fail).await;
    run(&p, Succeed).await;
    assert!(p.run(Succeed).await.is_ok());
    let error = p.run(Succeed).await.unwrap_err();
    assert_eq!(error.to_string(), OPEN);
    let events = recorder.events();
    let opened = events.iter().filter_map(|event| event.circuit()).find(|told| !told.rejected).unwrap();
    assert_eq!((opened.new_state, opened.tripped, opened.by_rate), (CircuitState::Open, true, true));
    assert_eq!(opened.to_string(), "closed -> open, tripped by the rate of failures");
}

#[tokio::test(start_paused = true)]
async fn circuit_15_alone_a_rate_is_all_that_opens_it() {
    let breaker = Breaker::builder().failure_rate(0.5).window(1_000).min_calls(200).build();
    let p = behind!(&breaker);
    times(&p, 199, Fail).await;
    assert!(is_closed(&breaker));
    assert_eq!(breaker.failures(), 199);
}

#[tokio::test(start_paused = true)]
async fn circuit_15_beside_a_count_the_first_of_both_opens_it() {
    let both = || Breaker::builder().fail_max(3).failure_rate(0.5).window(4);
    let breaker = both().build();
    times(&behind!(&breaker), 3, Fail).await;
    assert!(!is_closed(&breaker), "three in a row, and too few to judge");

    let cases = [
        (both(), &[Fail, Succeed, Fail, Succeed][..], true, "two of four"),
        (both(), &[Succeed, Fail, Fail, Fail], false, "three in a row, which are three of four too"),
        (both().window(9), &[Fail, Fail, Fail], false, "three in a row"),
    ];
    for (builder, runs, by_rate, why) in cases {
        let (recorder, breaker) = (Recorder::new(), builder.build());
        let p = behind!(&breaker).with_bus(&recorder);
        for one in runs {
            assert!(is_closed(&breaker), "{why}");
            run(&p, *one).await;
        }
        assert!(!is_closed(&breaker), "{why}");
        let told: Vec<_> = recorder.events().iter().filter_map(|event| event.circuit()).collect();
        assert_eq!(
            told.iter().map(|told| (told.tripped, told.by_rate)).collect::<Vec<_>>(),
            [(true, by_rate)]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_16_what_counts_as_success_or_nothing_does_so_in_the_window() {
    let breaker = Breaker::builder().failure_rate(0.5).window(10).min_calls(4).build();
    let p = behind!(&breaker);
    run(&p, Fail).await;
    for nothing in [Cancel, Reject] {
        times(&p, 10, nothing).await;
        assert_eq!(breaker.failure_rate(), Some(1.0), "{nothing:?}");
    }
    run(&p, Ignored).await;
    assert_eq!(breaker.failure_rate(), Some(0.5));
    assert!(is_closed(&breaker));
}

#[tokio::test(start_paused = true)]
async fn circuit_16_late_results_and_probes_are_not_in_the_window() {
    let breaker = Breaker::builder().failure_rate(0.5).window(2).close_after(2).build();
    let p = behind!(&breaker);
    let mut late = Box::pin(p.run(Cancel));
    assert!(poll_once(late.as_mut()).is_pending());
    times(&p, 2, Fail).await;
    assert_eq!(breaker.failure_rate(), Some(1.0));
    drop(late);
    advance(60 * SECOND).await;
    run(&p, Succeed).await;
    assert_eq!((breaker.state(), breaker.failure_rate()), (BreakerState::HalfOpen, Some(1.0)));
}

#[tokio::test(start_paused = true)]
async fn circuit_17_closing_empties_the_window() {
    let breaker = Breaker::builder().failure_rate(0.5).window(2).build();
    let p = behind!(&breaker);
    for by_hand in [false, true] {
        times(&p, 2, Fail).await;
        assert!(!is_closed(&breaker));
        if by_hand {
            breaker.force_close();
        } else {
            advance(60 * SECOND).await;
            run(&p, Succeed).await;
        }
        assert!(is_closed(&breaker));
        assert_eq!(breaker.failure_rate(), None);
        run(&p, Fail).await;
        assert!(is_closed(&breaker), "one of one, of which two are judged");
        breaker.force_close();
        assert_eq!(breaker.failure_rate(), Some(1.0), "it was closed");
        breaker.reset();
        assert_eq!(breaker.failure_rate(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_18_a_window_of_time_forgets_by_tenths() {
    let breaker = Breaker::builder().failure_rate(0.5).window(10 * SECOND).min_calls(100).build();
    let p = behind!(&breaker);
    run(&p, Fail).await;
    advance(9 * SECOND).await;
    run(&p, Succeed).await;
    assert_eq!(breaker.failure_rate(), Some(0.5));
    advance(SECOND).await;
    assert_eq!(breaker.failure_rate(), Some(0.0));
    advance(9 * SECOND).await;
    assert_eq!(breaker.failure_rate(), None);
}

#[test]
fn circuit_13_a_breaker_of_half_a_rate_cannot_be() {
    let problems: [(&str, fn()); 9] = [
        ("`failure_rate` must be above 0 and at most 1", || drop(Breaker::builder().failure_rate(0.0))),
        ("`failure_rate` must be above 0 and at most 1", || drop(Breaker::builder().failure_rate(1.01))),
        ("`failure_rate` must be above 0 and at most 1", || drop(Breaker::builder().failure_rate(f64::NAN))),
        ("`failure_rate` needs a `window` beside it", || drop(Breaker::builder().failure_rate(0.5).build())),
        ("`window` needs a `failure_rate` beside it", || drop(Breaker::builder().window(5).build())),
        ("`min_calls` needs a `failure_rate` beside it", || drop(Breaker::builder().min_calls(5).build())),
        ("`window` must be at least 1", || drop(Breaker::builder().window(0))),
        ("`window` must be longer than zero", || drop(Breaker::builder().window(Duration::ZERO))),
        ("`min_calls` must be at most the `window`", || {
            drop(Breaker::builder().failure_rate(0.5).window(5).min_calls(6).build());
        }),
    ];
    for (problem, make) in problems {
        let panic = std::panic::catch_unwind(make).unwrap_err();
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned())).unwrap();
        assert_eq!(said, problem);
    }
    for computed in [0.0, 1.5, f64::NAN] {
        let built = std::panic::catch_unwind(|| {
            drop(pipeline! { |_: Act| circuit(failure_rate = computed, window = 5) < call > });
        });
        let said = built.unwrap_err().downcast_ref::<String>().cloned().unwrap();
        assert!(
            said.starts_with("block `circuit`: `failure_rate` must be above 0 and at most 1, at "),
            "{said}"
        );
    }
}

/// Of probes; and one failure of them opens it, where two do so in a row otherwise.
async fn takes_three_successes<P: Run<In = Act, Out = ()>>(p: P) {
    times(&p, 2, Fail).await;
    advance(60 * SECOND).await;
    times(&p, 2, Succeed).await;
    run(&p, Fail).await;
    assert!(p.run(Succeed).await.is_err(), "the third probe failed");
    advance(60 * SECOND).await;
    times(&p, 3, Succeed).await;
    run(&p, Fail).await;
    p.run(Succeed).await.expect("it is closed");
}

#[tokio::test(start_paused = true)]
async fn circuit_19_so_many_probes_have_to_succeed() {
    takes_three_successes(pipeline! { |_: Act| circuit(fail_max = 2, close_after = 3) < call > }).await;
    takes_three_successes(pipeline! { |_: Act| circuit(fail_max = 2, close_after = 3, probes = 5) < call > })
        .await;
    // As many as may be under way at once, unless it is said.
    takes_three_successes(pipeline! { |_: Act| circuit(fail_max = 2, probes = 3) < call > }).await;
}

fn retry_after(breaker: &Breaker) -> u64 {
    match breaker.state() {
        BreakerState::Open { retry_after } => retry_after.as_secs(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_20_each_failed_probe_takes_the_next_delay_and_closing_starts_anew() {
    let delays = [10, 20, 70].map(Duration::from_secs);
    let builder = || Breaker::builder().fail_max(1);
    for (breaker, times_open) in [
        (builder().reset_timeout(exponential(10 * SECOND)).build(), [10, 20, 40, 80, 160]),
        (builder().reset_timeout(fibonacci(10 * SECOND)).build(), [10, 10, 20, 30, 50]),
        (builder().reset_timeout(constant(10 * SECOND)).build(), [10; 5]),
        (builder().reset_timeout(10 * SECOND).build(), [10; 5]),
        // The last stays.
        (builder().reset_timeout(delays.into_iter()).build(), [10, 20, 70, 70, 70]),
    ] {
        let p = behind!(&breaker);
        for _ in 0..2 {
            for time in times_open {
                run(&p, Fail).await;
                assert_eq!(retry_after(&breaker), time);
                advance(Duration::from_secs(time)).await;
                assert_eq!(retry_after(&breaker), 0);
            }
            run(&p, Succeed).await;
            assert!(is_closed(&breaker));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_20_the_handle_and_lost_probes_open_it_again_too() {
    let breaker = Breaker::builder().reset_timeout(exponential(10 * SECOND)).build();
    let p = behind!(&breaker);
    breaker.force_open();
    breaker.force_open();
    assert_eq!(retry_after(&breaker), 10, "it was open");
    advance(10 * SECOND).await;
    times(&p, 3, Cancel).await;
    assert_eq!(retry_after(&breaker), 20);
    breaker.reset();
    breaker.force_open();
    assert_eq!(retry_after(&breaker), 10);
    let built = pipeline! { |_: Act| circuit(fail_max = 1, reset_timeout = exponential(10s, 3)) < call > };
    run(&built, Fail).await;
    advance(10 * SECOND).await;
    run(&built, Fail).await;
    advance(29 * SECOND).await;
    assert!(built.run(Succeed).await.is_err());
    advance(SECOND).await;
    assert!(built.run(Succeed).await.is_ok());
}

#[test]
fn circuit_20_a_reset_timeout_has_a_delay() {
    let never: [Duration; 0] = [];
    let built: [Box<dyn FnOnce() + std::panic::UnwindSafe>; 2] = [
        Box::new(move || drop(Breaker::builder().reset_timeout(never.into_iter()))),
        Box::new(|| drop(Breaker::builder().reset_timeout(exponential(Duration::ZERO)))),
    ];
    for (build, problem) in built.into_iter().zip(["must have a delay", "must be longer than zero"]) {
        let said = std::panic::catch_unwind(build).unwrap_err().downcast_ref::<String>().cloned().unwrap();
        assert_eq!(said, format!("`reset_timeout` {problem}"));
    }
}
