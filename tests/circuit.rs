//! The block `circuit` and its handle.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{BoxError, Breaker, BreakerState, Error, ErrorKind, Run, pipeline, task};
use tokio::sync::Notify;
use tokio::time::{Instant, advance, sleep};

use common::{Log, Oops, Trace, at_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);
const RESET: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(1);

/// What a call is to do.
#[derive(Clone, Debug)]
enum Act {
    Succeed,
    Fail,
    /// An error that `ignore` may match.
    NotFound,
    Panic,
    Hang,
    /// Wait for so long, then do this.
    After(Duration, Box<Act>),
    /// Wait for this, then do that.
    When(Arc<Notify>, Box<Act>),
}

use Act::{Fail, Hang, NotFound, Panic, Succeed};

fn after(delay: Duration, act: Act) -> Act {
    Act::After(delay, Box::new(act))
}

/// Does what it is told, and counts that it ran.
#[task]
async fn act(ran: Arc<AtomicU32>, act: Act) -> Result<(), Oops> {
    ran.fetch_add(1, SeqCst);
    let mut act = act;
    loop {
        act = match act {
            Succeed => return Ok(()),
            Fail => return Err(Oops("down")),
            NotFound => return Err(Oops("not found")),
            Panic => panic!("bug"),
            Hang => std::future::pending().await,
            Act::After(delay, then) => {
                sleep(delay).await;
                *then
            }
            Act::When(gate, then) => {
                gate.notified().await;
                *then
            }
        }
    }
}

/// A pipeline over `act` with these options, and how often it ran.
macro_rules! circuit {
    ($($options:tt)*) => {{
        let ran = Arc::new(AtomicU32::new(0));
        let count = ran.clone();
        let p = pipeline! { let ran = ran; |_: Act| circuit($($options)*) < act(ran.clone(), _) > };
        (p, move || count.swap(0, SeqCst))
    }};
}

/// Runs it so many times.
async fn times<P: Run<In = Act, Out = ()>>(p: &P, count: usize, act: Act) {
    for _ in 0..count {
        let _ = p.run(act.clone()).await;
    }
}

#[track_caller]
fn retry_after<T>(result: Result<T, Error>) -> Duration {
    match result.map(drop).unwrap_err().into_kind() {
        ErrorKind::CircuitOpen { retry_after, .. } => retry_after,
        other => panic!("{other:?} is no rejection of an open circuit"),
    }
}

#[track_caller]
fn is_half_open<T>(result: Result<T, Error>) {
    let error = result.map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CircuitHalfOpen), "{error:?}");
}

mod closed {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_1_fail_max_consecutive_failures_open_it() {
        for fail_max in [1, 2, 5] {
            let breaker = Breaker::builder().fail_max(fail_max).reset_timeout(RESET).build();
            let (p, ran) = circuit!(breaker = &breaker);
            for n in 1..=fail_max {
                assert_eq!(breaker.state(), BreakerState::Closed);
                assert_eq!(p.run(Fail).await.unwrap_err().downcast_ref(), Some(&Oops("down")));
                assert_eq!(breaker.failures(), n);
            }
            assert_eq!(breaker.state(), BreakerState::Open { retry_after: RESET });
            assert_eq!(ran(), fail_max);
            assert_eq!(retry_after(p.run(Succeed).await), RESET);
            assert_eq!(ran(), 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_the_defaults_are_five_failures_and_sixty_seconds() {
        let (p, ran) = circuit!();
        times(&p, 4, Fail).await;
        p.run(Succeed).await.unwrap();
        times(&p, 5, Fail).await;
        assert_eq!(ran(), 10);
        assert_eq!(retry_after(p.run(Succeed).await), SECOND * 60);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_a_success_resets_the_count() {
        let (p, ran) = circuit!(fail_max = 2);
        for _ in 0..10 {
            times(&p, 1, Fail).await;
            p.run(Succeed).await.unwrap();
        }
        assert_eq!(ran(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_an_ignored_error_resets_the_count() {
        let (p, ran) = circuit!(
            fail_max = 2,
            ignore = |error| error.downcast_ref::<Oops>().is_some_and(|oops| oops.0 == "not found"),
        );
        for _ in 0..10 {
            times(&p, 1, Fail).await;
            assert_eq!(
                p.run(NotFound).await.unwrap_err().downcast_ref(),
                Some(&Oops("not found")),
                "still an error"
            );
        }
        assert_eq!(ran(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_ignore_sees_any_error() {
        let (p, ran) = circuit!(fail_max = 1, ignore = |error| error.is::<Oops>());
        times(&p, 9, Fail).await;
        assert_eq!(ran(), 9);
        let p = pipeline! {
            circuit(fail_max = 1, ignore = |error| matches!(error.kind(), ErrorKind::TimedOut)) <
                timeout(1s) < async |()| { std::future::pending::<()>().await } >
            >
        };
        for _ in 0..3 {
            assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::TimedOut));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_failures_count_in_order_of_completion() {
        let breaker = Breaker::builder().fail_max(2).build();
        let (p, _) = circuit!(breaker = &breaker);
        // In order of their ends: failure, success, failure.
        let (a, b, c) = tokio::join!(
            p.run(after(SECOND * 3, Fail)),
            p.run(after(SECOND * 2, Succeed)),
            p.run(after(SECOND, Fail))
        );
        assert!(a.is_err() && b.is_ok() && c.is_err());
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 1));
        times(&p, 1, Fail).await;
        assert!(matches!(breaker.state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_a_panic_is_a_failure() {
        use futures::FutureExt;
        let breaker = Breaker::builder().fail_max(2).build();
        let (p, ran) = circuit!(breaker = &breaker);
        for n in 1..=2 {
            let run = std::panic::AssertUnwindSafe(p.run(after(TICK, Panic)));
            assert!(run.catch_unwind().await.is_err());
            assert_eq!(breaker.failures(), n);
        }
        assert_eq!(breaker.last_failure().unwrap().as_str(), "panicked");
        assert!(p.run(Succeed).await.is_err());
        assert_eq!(ran(), 2);
    }

    /// One item in three fails at once, the others succeed after 20 ms. How many succeed, and how many ran.
    async fn one_in_three_fails_fast(limit: usize, fail_max: u32) -> (usize, u32) {
        let calls = AtomicU32::new(0);
        let p = pipeline! {
            |_: std::ops::Range<u32>|
            each(limit = limit, settle) < circuit(fail_max = fail_max) < async |n| {
                calls.fetch_add(1, SeqCst);
                if n % 3 == 2 {
                    return Err(Oops("down"));
                }
                sleep(TICK * 20).await;
                Ok(())
            } > >
        };
        let results = p.run(0..1_000).await.unwrap();
        (results.iter().filter(|result| result.is_ok()).count(), calls.load(SeqCst))
    }

    /// In a row is in order of ends: fast failures overtake slow successes.
    #[tokio::test(start_paused = true)]
    async fn circuit_1_fast_failures_are_in_a_row_where_successes_are_slow() {
        for limit in [1, 8, 10] {
            assert_eq!(one_in_three_fails_fast(limit, 5).await, (667, 1_000), "{limit} at once");
        }
        assert_eq!(one_in_three_fails_fast(16, 5).await, (10, 15));
        for limit in [11, 64, 1_000] {
            assert_eq!(one_in_three_fails_fast(limit, 5).await.0, 10, "{limit} at once");
        }
        // As many as fail while slow successes fill all places.
        for limit in [16, 32, 64] {
            assert_eq!(one_in_three_fails_fast(limit, limit as u32 / 2).await, (667, 1_000));
            assert!(one_in_three_fails_fast(limit, limit as u32 / 2 - 1).await.0 < 667);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_1_a_failure_anywhere_in_the_body_counts_once() {
        let breaker = Breaker::new();
        let p = pipeline! {
            circuit(breaker = &breaker) <
                par <
                    async |_| { sleep(SECOND).await; Err::<(), _>(Oops("first")) }
                    async |_| { sleep(SECOND).await; Err::<(), _>(Oops("second")) }
                >
            >
        };
        p.run(()).await.unwrap_err();
        assert_eq!(breaker.failures(), 1);
    }
}

mod open {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_2_it_rejects_without_running_the_body() {
        let (p, ran) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        assert_eq!(ran(), 1);
        for left in (1..=10).rev() {
            assert_eq!(retry_after(p.run(Succeed).await), SECOND * left);
            advance(SECOND).await;
        }
        assert_eq!(ran(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_2_a_rejection_neither_counts_nor_extends() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        for _ in 0..10 {
            assert!(p.run(Fail).await.is_err());
            advance(SECOND).await;
        }
        assert_eq!(breaker.failures(), 1);
        p.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_2_a_rejection_is_immediate() {
        let (p, _) = circuit!(fail_max = 1);
        times(&p, 1, Fail).await;
        let begin = Instant::now();
        at_once(p.run(Hang)).unwrap_err();
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_2_a_rejection_cancels_the_siblings_as_any_error() {
        let (p, ran) = circuit!(fail_max = 1);
        times(&p, 1, Fail).await;
        let census = common::Census::default();
        let outer = pipeline! {
            |_: Act|
            par < async |_| { let _live = census.enter(); std::future::pending::<()>().await } { &p } >
        };
        assert!(matches!(outer.run(Succeed).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
        assert_eq!((census.alive(), ran()), (0, 1));
    }
}

mod half_open {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_3_the_exact_boundary_is_admitted() {
        let (p, ran) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        ran();
        advance(RESET - TICK).await;
        assert_eq!(retry_after(p.run(Succeed).await), TICK);
        assert_eq!(ran(), 0);
        advance(TICK).await;
        p.run(Succeed).await.unwrap();
        assert_eq!(ran(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_3_half_open_is_entered_by_a_run_never_by_a_timer() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET * 9).await;
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: Duration::ZERO });
        let mut probe = Box::pin(p.run(Hang));
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: Duration::ZERO }, "not polled yet");
        assert!(poll_once(probe.as_mut()).is_pending());
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_3_success_closes() {
        let breaker = Breaker::builder().fail_max(3).reset_timeout(RESET).build();
        let (p, ran) = circuit!(breaker = &breaker);
        times(&p, 3, Fail).await;
        advance(RESET).await;
        p.run(Succeed).await.unwrap();
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
        assert!(breaker.last_failure().is_none());
        times(&p, 3, Fail).await;
        assert_eq!(ran(), 7, "three more are needed to open it");
        assert!(p.run(Succeed).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_3_failure_opens_again_with_a_new_window() {
        let (p, ran) = circuit!(fail_max = 3, reset_timeout = 10s);
        times(&p, 3, Fail).await;
        advance(RESET).await;
        assert_eq!(p.run(after(SECOND, Fail)).await.unwrap_err().downcast_ref(), Some(&Oops("down")));
        assert_eq!(ran(), 4);
        assert_eq!(retry_after(p.run(Succeed).await), RESET);
        advance(RESET).await;
        p.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_3_an_ignored_error_counts_as_success() {
        let (p, _) =
            circuit!(fail_max = 1, reset_timeout = 10s, ignore = |e| e.to_string().ends_with("not found"));
        times(&p, 1, Fail).await;
        advance(RESET).await;
        assert!(p.run(NotFound).await.is_err());
        p.run(Succeed).await.unwrap();
        p.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_of_fifty_callers_one_runs() {
        let (p, ran) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        ran();
        advance(RESET).await;
        let results = futures::future::join_all((0..50).map(|_| p.run(after(SECOND, Succeed)))).await;
        assert_eq!(ran(), 1);
        assert!(results[0].is_ok());
        assert_eq!(results.len(), 50);
        results.into_iter().skip(1).for_each(is_half_open);
        times(&p, 1, Succeed).await;
        assert_eq!(ran(), 1, "closed again");
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_of_fifty_spawned_callers_one_runs() {
        let (p, ran) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        ran();
        advance(RESET).await;
        let p = Arc::new(p);
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let p = p.clone();
                tokio::spawn(async move { p.run(after(SECOND, Fail)).await })
            })
            .collect();
        let mut real = 0;
        for caller in callers {
            match caller.await.unwrap().unwrap_err().into_kind() {
                ErrorKind::Task(_) => real += 1,
                ErrorKind::CircuitHalfOpen => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((real, ran()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_of_fifty_items_one_runs() {
        let runs = AtomicU32::new(0);
        let p = pipeline! {
            |_: Vec<bool>|
            each(settle) < circuit(fail_max = 1, reset_timeout = 10s) < async |good| {
                runs.fetch_add(1, SeqCst);
                sleep(SECOND).await;
                if good { Ok(()) } else { Err(Oops("down")) }
            } > >
        };
        p.run(vec![false]).await.unwrap();
        advance(RESET).await;
        let results = p.run(vec![true; 50]).await.unwrap();
        assert_eq!((runs.load(SeqCst), results.iter().filter(|result| result.is_ok()).count()), (2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_with_several_probes_all_of_them_have_to_succeed() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).probes(3).build();
        let (p, ran) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        ran();
        let results = futures::future::join_all((1..=9).map(|n| p.run(after(SECOND * n, Succeed)))).await;
        assert_eq!((ran(), results.iter().filter(|result| result.is_ok()).count()), (3, 3));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_probes_is_an_option() {
        let (p, ran) = circuit!(fail_max = 1, reset_timeout = 10s, probes = 2);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        ran();
        let mut probes: Vec<_> = (0..3).map(|_| Box::pin(p.run(Hang))).collect();
        assert!(poll_once(probes[0].as_mut()).is_pending());
        assert!(poll_once(probes[1].as_mut()).is_pending());
        is_half_open(probes.remove(2).await);
        assert_eq!(ran(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_one_failed_probe_opens() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).probes(3).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        let (a, b, c) = tokio::join!(
            p.run(after(SECOND, Succeed)),
            p.run(after(SECOND * 2, Fail)),
            p.run(after(SECOND * 3, Succeed))
        );
        assert!(a.is_ok() && b.is_err() && c.is_ok());
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: RESET - SECOND });
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_4_close_after_is_of_the_builder() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).close_after(2).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        p.run(Succeed).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        p.run(Succeed).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}

mod cancelled {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_5_a_cancelled_run_counts_as_nothing() {
        let breaker = Breaker::builder().fail_max(3).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 2, Fail).await;
        for _ in 0..10 {
            let mut run = Box::pin(p.run(Hang));
            assert!(poll_once(run.as_mut()).is_pending());
        }
        assert_eq!(
            (breaker.state(), breaker.failures()),
            (BreakerState::Closed, 2),
            "neither counts nor resets"
        );
        times(&p, 1, Fail).await;
        assert!(matches!(breaker.state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_5_a_cancelled_probe_frees_its_slot() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, ran) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        for _ in 0..2 {
            let mut probe = Box::pin(p.run(Hang));
            assert!(poll_once(probe.as_mut()).is_pending());
            is_half_open(p.run(Succeed).await);
            drop(probe);
            assert_eq!(breaker.state(), BreakerState::HalfOpen);
        }
        p.run(Succeed).await.unwrap();
        assert_eq!((breaker.state(), ran()), (BreakerState::Closed, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_5_a_probe_cancelled_by_a_failing_sibling_frees_its_slot() {
        let (p, _) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        let outer = pipeline! {
            |_: Act| par < { &p } async |_| { sleep(SECOND).await; Err::<(), _>(Oops("sibling")) } >
        };
        assert_eq!(outer.run(Hang).await.unwrap_err().downcast_ref(), Some(&Oops("sibling")));
        p.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_5_a_run_that_was_never_polled_is_no_run() {
        let (p, _) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        let unpolled: Vec<_> = (0..3).map(|_| p.run(Succeed)).collect();
        p.run(Succeed).await.unwrap();
        drop(unpolled);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_5_an_aborted_task_frees_its_probe() {
        let (p, _) = circuit!(fail_max = 1, reset_timeout = 10s);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        let p = Arc::new(p);
        let probe = tokio::spawn({
            let p = p.clone();
            async move { p.run(Hang).await }
        });
        tokio::task::yield_now().await;
        is_half_open(p.run(Succeed).await);
        probe.abort();
        assert!(probe.await.unwrap_err().is_cancelled());
        p.run(Succeed).await.unwrap();
    }
}

mod generations {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_6_a_late_success_from_before_the_trip_changes_nothing() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, ran) = circuit!(breaker = &breaker);
        let gate = Arc::new(Notify::new());
        let mut slow: Vec<_> =
            (0..2).map(|_| Box::pin(p.run(Act::When(gate.clone(), Box::new(Succeed))))).collect();
        for run in &mut slow {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        times(&p, 1, Fail).await;
        gate.notify_one();
        slow.remove(0).await.expect("its caller gets the real result");
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: RESET });
        // Half-open neither is its business.
        advance(RESET).await;
        let mut probe = Box::pin(p.run(Hang));
        assert!(poll_once(probe.as_mut()).is_pending());
        gate.notify_one();
        slow.remove(0).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert_eq!(ran(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_6_a_late_failure_from_before_the_trip_neither_opens_again_nor_extends() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, _) = circuit!(breaker = &breaker);
        let gate = Arc::new(Notify::new());
        let mut slow: Vec<_> =
            (0..2).map(|_| Box::pin(p.run(Act::When(gate.clone(), Box::new(NotFound))))).collect();
        for run in &mut slow {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        times(&p, 1, Fail).await;
        advance(SECOND * 4).await;
        gate.notify_one();
        assert_eq!(
            slow.remove(0).await.unwrap_err().downcast_ref(),
            Some(&Oops("not found")),
            "the real one"
        );
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: SECOND * 6 });
        assert!(breaker.last_failure().unwrap().ends_with("down"));
        advance(SECOND * 6).await;
        p.run(Succeed).await.unwrap();
        gate.notify_one();
        slow.remove(0).await.unwrap_err();
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_6_a_late_success_does_not_reset_the_count_of_a_circuit_that_closed_again() {
        let breaker = Breaker::builder().fail_max(2).reset_timeout(RESET).build();
        let (p, _) = circuit!(breaker = &breaker);
        let gate = Arc::new(Notify::new());
        let mut slow = Box::pin(p.run(Act::When(gate.clone(), Box::new(Succeed))));
        assert!(poll_once(slow.as_mut()).is_pending());
        times(&p, 2, Fail).await;
        advance(RESET).await;
        p.run(Succeed).await.unwrap();
        times(&p, 1, Fail).await;
        gate.notify_one();
        slow.await.unwrap();
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 1));
        times(&p, 1, Fail).await;
        assert!(matches!(breaker.state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_8_an_expired_probe_moves_nothing_though_nobody_took_its_slot() {
        for then in [Succeed, Fail] {
            let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
            let (p, _) = circuit!(breaker = &breaker);
            times(&p, 1, Fail).await;
            advance(RESET).await;
            let mut probe = Box::pin(p.run(after(RESET, then)));
            assert!(poll_once(probe.as_mut()).is_pending());
            advance(RESET).await;
            let _ = probe.await;
            assert_eq!((breaker.state(), breaker.failures()), (BreakerState::HalfOpen, 1));
            p.run(after(RESET - TICK, Succeed)).await.unwrap();
            assert_eq!(breaker.state(), BreakerState::Closed, "within its lease it counts");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_8_a_probes_slot_is_a_lease_of_reset_timeout() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        let gate = Arc::new(Notify::new());
        let mut hung = Box::pin(p.run(Act::When(gate.clone(), Box::new(Succeed))));
        assert!(poll_once(hung.as_mut()).is_pending());
        advance(RESET - TICK).await;
        is_half_open(p.run(Succeed).await);
        advance(TICK).await;
        let mut second = Box::pin(p.run(Hang));
        assert!(poll_once(second.as_mut()).is_pending(), "a hung probe does not wedge it");
        is_half_open(p.run(Succeed).await);
        // What the expired one reports moves nothing.
        gate.notify_one();
        hung.await.unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        drop(second);
        p.run(Succeed).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_8_an_expired_probe_that_fails_opens_nothing() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
        let (p, _) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        advance(RESET).await;
        let gate = Arc::new(Notify::new());
        let mut hung = Box::pin(p.run(Act::When(gate.clone(), Box::new(Fail))));
        assert!(poll_once(hung.as_mut()).is_pending());
        advance(RESET).await;
        p.run(Succeed).await.unwrap();
        gate.notify_one();
        hung.await.unwrap_err();
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    }
}

mod errors {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_7_the_caller_always_gets_the_bodys_own_error() {
        let (p, _) = circuit!(fail_max = 2, reset_timeout = 10s);
        for _ in 0..2 {
            let error = p.run(Fail).await.unwrap_err();
            assert_eq!((error.downcast_ref(), error.path().as_str()), (Some(&Oops("down")), "circuit/act"));
        }
        advance(RESET).await;
        let error = p.run(Fail).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Oops("down")), "a failed probe's too");
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_7_a_rejection_carries_the_time_left_and_the_text_of_the_last_failure() {
        let (p, _) = circuit!(fail_max = 2, reset_timeout = 10s, name = "db");
        times(&p, 1, NotFound).await;
        times(&p, 1, Fail).await;
        advance(SECOND * 3).await;
        let error = p.run(Succeed).await.unwrap_err();
        assert_eq!(error.path(), "db");
        assert_eq!(
            error.to_string(),
            "block `db` did not run: the circuit is open, retry in 7s (last failure: down)"
        );
        match error.kind() {
            ErrorKind::CircuitOpen { retry_after, last_failure, .. } => {
                assert_eq!(*retry_after, SECOND * 7);
                assert_eq!(last_failure.as_ref().unwrap().as_str(), "down");
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_7_the_time_left_is_never_shown_as_nothing() {
        let cases = [
            (1, "1ns"),
            (300, "300ns"),
            (9_999, "9.999µs"),
            (10_400, "10µs"),
            (9_999_600, "10ms"),
            (12_400_000, "12ms"),
            (9_999_600_000, "10s"),
        ];
        for (left, text) in cases {
            let (p, _) = circuit!(fail_max = 1, reset_timeout = 10s);
            times(&p, 1, Fail).await;
            advance(RESET - Duration::from_nanos(left)).await;
            let error = p.run(Succeed).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "block `circuit` did not run: the circuit is open, retry in {text} (last failure: down)"
                )
            );
        }
    }

    /// A reset timeout may be as long as it likes: what is open is not isolated.
    #[tokio::test(start_paused = true)]
    async fn circuit_12_open_for_ever_is_not_isolated() {
        let isolated = |error: &Error| match error.kind() {
            ErrorKind::CircuitOpen { isolated, retry_after, .. } => (*isolated, *retry_after),
            other => panic!("{other:?}"),
        };
        for by_hand in [false, true] {
            let (breaker, trace) =
                (Breaker::builder().fail_max(1).reset_timeout(Duration::MAX).build(), Trace::default());
            let (p, _) = circuit!(breaker = &breaker);
            let p = p.with_bus(&trace);
            if by_hand {
                breaker.force_open();
            } else {
                times(&p, 1, Fail).await;
            }
            assert_eq!(breaker.state(), BreakerState::Open { retry_after: Duration::MAX });
            for _ in 0..2 {
                trace.take();
                let error = p.run(Succeed).await.unwrap_err();
                assert_eq!(isolated(&error), (false, Duration::MAX));
                assert!(!error.to_string().contains("by hand"), "{error}");
                assert!(trace.lines().contains(&"circuit open -> open, rejected".to_owned()));
            }
            advance(SECOND).await;
            assert_eq!(isolated(&p.run(Succeed).await.unwrap_err()), (false, Duration::MAX - SECOND));

            breaker.isolate();
            trace.take();
            let error = p.run(Succeed).await.unwrap_err();
            assert_eq!(isolated(&error), (true, Duration::MAX));
            assert_eq!(
                error.to_string(),
                "block `circuit` did not run: the circuit is open until it is closed by hand"
            );
            assert!(trace.lines().contains(&"circuit isolated -> isolated, rejected".to_owned()));
            assert_eq!(breaker.state(), BreakerState::Isolated);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_7_the_text_is_formatted_once_and_shared() {
        let (p, _) = circuit!(fail_max = 1);
        times(&p, 1, Fail).await;
        let mut texts = Vec::new();
        for _ in 0..2 {
            match p.run(Succeed).await.unwrap_err().into_kind() {
                ErrorKind::CircuitOpen { last_failure, .. } => texts.push(last_failure.unwrap()),
                other => panic!("{other:?}"),
            }
        }
        assert!(std::ptr::eq(texts[0].as_str(), texts[1].as_str()));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_7_the_tripping_run_says_so_on_the_bus() {
        let trace = Trace::default();
        let (p, _) = circuit!(fail_max = 2, reset_timeout = 10s);
        let p = p.with_bus(&trace);
        times(&p, 3, Fail).await;
        advance(RESET).await;
        times(&p, 1, Succeed).await;
        let circuits: Vec<String> = trace.lines().into_iter().filter(|line| line.contains("->")).collect();
        assert_eq!(
            circuits,
            [
                "circuit closed -> open, tripped",
                "circuit open -> open, rejected",
                "circuit open -> half-open",
                "circuit half-open -> closed",
            ]
        );
    }
}

mod handle {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_10_one_breaker_is_shared_between_pipelines() {
        let breaker = Breaker::builder().fail_max(2).reset_timeout(RESET).build();
        let (a, ran_a) = circuit!(breaker = &breaker);
        let (b, ran_b) = circuit!(breaker = breaker.clone());
        times(&a, 1, Fail).await;
        times(&b, 1, Fail).await;
        assert_eq!(retry_after(a.run(Succeed).await), RESET);
        assert_eq!(retry_after(b.run(Succeed).await), RESET);
        assert_eq!((ran_a(), ran_b()), (1, 1));
        advance(RESET).await;
        let mut probe = Box::pin(a.run(Hang));
        assert!(poll_once(probe.as_mut()).is_pending());
        is_half_open(b.run(Succeed).await);
        drop(probe);
        b.run(Succeed).await.unwrap();
        a.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_10_the_handle_may_be_in_an_arc() {
        let breaker = std::sync::Arc::new(Breaker::builder().fail_max(2).build());
        let (a, _) = circuit!(breaker = &breaker);
        let (b, _) = circuit!(breaker = breaker.clone());
        times(&a, 1, Fail).await;
        times(&b, 1, Fail).await;
        assert_eq!(retry_after(a.run(Succeed).await), SECOND * 60);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_10_one_breaker_is_shared_between_blocks_of_one_pipeline() {
        let breaker = Breaker::builder().fail_max(1).build();
        let log = Log::default();
        let p = pipeline! {
            par(settle, limit = 1) <
                circuit(breaker = &breaker) < |_| { Err::<(), _>(Oops("down")) } >
                circuit(breaker = &breaker) < |_| { log.add("ran") } >
            >
        };
        let (first, second) = p.run(()).await.unwrap();
        assert!(first.unwrap_err().is::<Oops>());
        assert_eq!(retry_after(second), SECOND * 60);
        assert!(log.take().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_10_the_handle_forces_it_open_and_closed() {
        let breaker = Breaker::builder().reset_timeout(RESET).build();
        let (p, ran) = circuit!(breaker = &breaker);
        breaker.force_open();
        let error = p.run(Succeed).await.unwrap_err();
        assert_eq!(error.to_string(), "block `circuit` did not run: the circuit is open, retry in 10s");
        advance(RESET).await;
        p.run(Succeed).await.unwrap();
        breaker.force_open();
        assert!(p.run(Succeed).await.is_err());
        breaker.force_close();
        p.run(Succeed).await.unwrap();
        assert_eq!(ran(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_10_isolation_has_no_end_but_the_handles() {
        let breaker = Breaker::builder().reset_timeout(RESET).build();
        let (p, ran) = circuit!(breaker = &breaker);
        breaker.isolate();
        advance(RESET * 1_000).await;
        assert_eq!(retry_after(p.run(Succeed).await), Duration::MAX);
        assert_eq!((breaker.state(), ran()), (BreakerState::Isolated, 0));
        breaker.reset();
        p.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_10_reset_forgets_the_failures() {
        let breaker = Breaker::builder().fail_max(2).build();
        let (p, ran) = circuit!(breaker = &breaker);
        times(&p, 1, Fail).await;
        breaker.reset();
        times(&p, 1, Fail).await;
        assert_eq!((breaker.state(), breaker.failures(), ran()), (BreakerState::Closed, 1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_10_a_change_by_handle_is_an_event_of_the_next_run_that_sees_it() {
        let (breaker, trace) = (Breaker::new(), Trace::default());
        let (p, _) = circuit!(breaker = &breaker);
        let p = p.with_bus(&trace);
        breaker.force_open();
        assert!(trace.take().is_empty());
        times(&p, 2, Succeed).await;
        breaker.force_close();
        times(&p, 2, Succeed).await;
        let circuits: Vec<String> = trace.lines().into_iter().filter(|line| line.contains("->")).collect();
        assert_eq!(
            circuits,
            [
                "circuit closed -> open",
                "circuit open -> open, rejected",
                "circuit open -> open, rejected",
                "circuit open -> closed",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_breaker_outlives_its_pipelines() {
        let breaker = Breaker::builder().fail_max(2).build();
        for _ in 0..2 {
            let (p, _) = circuit!(breaker = &breaker);
            times(&p, 1, Fail).await;
        }
        assert!(matches!(breaker.state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn breakers_by_key_are_a_map_of_pipelines() {
        fn guarded() -> async_orch::BoxPipeline<'static, Act, ()> {
            circuit!(fail_max = 1).0.boxed()
        }
        let hosts: HashMap<&str, _> = [("a", guarded()), ("b", guarded())].into();
        hosts["a"].run(Fail).await.unwrap_err();
        assert!(hosts["a"].run(Succeed).await.is_err());
        hosts["b"].run(Succeed).await.unwrap();
    }
}

mod state {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn concurrent_runs_of_one_value_share_its_circuits() {
        let (p, ran) = circuit!(fail_max = 5);
        let p = Arc::new(p);
        let runs: Vec<_> = (0..20)
            .map(|n| {
                let p = p.clone();
                tokio::spawn(async move { p.run(after(SECOND * n, Fail)).await })
            })
            .collect();
        sleep(SECOND * 30).await;
        assert_eq!(ran(), 20, "admitted before it opened");
        for run in runs {
            assert!(run.await.unwrap().unwrap_err().is::<Oops>());
        }
        assert!(matches!(p.run(Succeed).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipeline_keeps_its_circuits_over_another_bus_and_in_a_box() {
        let (p, ran) = circuit!(fail_max = 3);
        times(&p, 1, Fail).await;
        let trace = Trace::default();
        times(&(&p).with_bus(&trace), 1, Fail).await;
        let p = p.with_bus(async_orch::bus::from_fn(|_| {})).boxed();
        p.run(Fail).await.unwrap_err();
        assert!(matches!(p.run(Succeed).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
        assert_eq!(ran(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn two_values_have_two_circuits() {
        fn make() -> impl Run<In = Act, Out = (), Error = BoxError> {
            circuit!(fail_max = 1).0
        }
        let (a, b) = (make(), make());
        times(&a, 1, Fail).await;
        assert!(a.run(Succeed).await.is_err());
        b.run(Succeed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_embedded_pipeline_shares_its_circuits_with_its_own_runs() {
        let (p, ran) = circuit!(fail_max = 2);
        let outer = pipeline! { |_: Act| seq < { &p } > };
        times(&p, 1, Fail).await;
        times(&outer, 1, Fail).await;
        assert!(matches!(outer.run(Succeed).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
        assert!(matches!(p.run(Succeed).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
        assert_eq!(ran(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn nested_circuits_count_for_themselves() {
        let (outer, inner) = (Breaker::builder().fail_max(3).build(), Breaker::builder().fail_max(2).build());
        let p = pipeline! {
            circuit(breaker = &outer, name = "outer") <
                circuit(breaker = &inner) < |()| { Err::<(), _>(Oops("down")) } >
            >
        };
        for _ in 0..3 {
            p.run(()).await.unwrap_err();
        }
        // That the inner one turns away says nothing about the outer one's body.
        assert_eq!((inner.failures(), outer.failures()), (2, 2));
        assert_eq!(p.run(()).await.unwrap_err().path(), "outer/circuit");
    }

    #[tokio::test]
    async fn threads_may_run_it_at_once() {
        let (p, ran) = circuit!(fail_max = 1, reset_timeout = 1h);
        let p = Arc::new(p);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        at_once(p.run(Succeed)).unwrap();
                    }
                });
            }
        });
        assert_eq!(ran(), 4_000);
        let barrier = std::sync::Barrier::new(8);
        times(&*p, 1, Fail).await;
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    assert!(at_once(p.run(Succeed)).is_err());
                });
            }
        });
        assert_eq!(ran(), 1);
    }
}
