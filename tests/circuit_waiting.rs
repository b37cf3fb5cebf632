//! Half-open circuits whose probes end without a verdict, and those who wait for them.

use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_orch::{
    Attempt, BoxError, BoxFuture, Breaker, BreakerState, CircuitState, Done, Error, ErrorKind, Run, Runtime,
    pipeline, task,
};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep, timeout};

use common::{Log, Oops, Trace, at_once, every_execution_ends_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);
const RESET: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(1);

/// A service, and how often it was reached.
#[derive(Clone, Debug, Default)]
struct Service(Arc<(AtomicU8, AtomicU32)>);

const DOWN: u8 = 0;
const UP: u8 = 1;
const HANGS: u8 = 2;

impl Service {
    fn is(&self, mode: u8) {
        self.0.0.store(mode, SeqCst);
    }

    /// Since the last call.
    fn reached(&self) -> u32 {
        self.0.1.swap(0, SeqCst)
    }

    async fn answer(&self) -> Result<(), Oops> {
        self.0.1.fetch_add(1, SeqCst);
        let mode = self.0.0.load(SeqCst);
        match mode {
            DOWN | UP => sleep(TICK * 5).await,
            _ => pending().await,
        }
        if mode == UP { Ok(()) } else { Err(Oops("down")) }
    }
}

#[task]
async fn call(service: Service) -> Result<(), Oops> {
    service.answer().await
}

#[task]
async fn call_with(service: Service, _n: u32) -> Result<(), Oops> {
    service.answer().await
}

fn breaker() -> Breaker {
    Breaker::builder().fail_max(1).reset_timeout(RESET).build()
}

/// A pipeline of one call behind that breaker, and the service.
fn guarded(breaker: &Breaker) -> (impl Run<In = (), Out = (), Error = BoxError> + 'static, Service) {
    let service = Service::default();
    let calls = service.clone();
    (pipeline! { let calls = calls; circuit(breaker = breaker) < call(calls.clone()) > }, service)
}

/// A run that may be polled by hand, where no wake-up follows.
struct Begun<'a>(Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>);

impl Begun<'_> {
    fn poll(&mut self) -> Poll<Result<(), Error>> {
        poll_once(pin!(&mut self.0))
    }

    #[track_caller]
    fn is_pending(&mut self) {
        assert!(self.poll().is_pending());
    }

    #[track_caller]
    fn result(mut self) -> Result<(), Error> {
        match self.poll() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it waits"),
        }
    }
}

/// A run that has been polled once, and waits for something.
#[track_caller]
fn begun<P: Guarded>(p: &P) -> Begun<'_> {
    let mut run = Begun(Box::pin(p.run(())));
    run.is_pending();
    run
}

trait Guarded: Run<In = (), Out = (), Error = BoxError> {}

impl<P: Run<In = (), Out = (), Error = BoxError>> Guarded for P {}

/// Half-open as soon as a run comes, and then runs wait for the probe. Three probes have been lost.
async fn patient<P: Guarded>(p: &P, service: &Service, breaker: &Breaker) {
    service.is(HANGS);
    service.reached();
    breaker.force_open();
    advance(RESET).await;
    for _ in 0..3 {
        drop(begun(p));
    }
    assert_eq!((breaker.state(), service.reached()), (BreakerState::Open { retry_after: RESET }, 3));
    advance(RESET).await;
}

#[track_caller]
fn is_open<T>(result: Result<T, Error>, time: Duration) {
    match result.map(drop).unwrap_err().into_kind() {
        ErrorKind::CircuitOpen { retry_after, isolated: false, .. } => assert_eq!(retry_after, time),
        other => panic!("{other:?}"),
    }
}

mod lost {
    use super::*;

    /// Three runs that open the circuit, and then one a minute: how many of those succeed.
    async fn recovers<P: Run<In = Vec<u32>, Error = BoxError>>(p: &P, service: &Service) -> Vec<bool> {
        service.is(DOWN);
        for _ in 0..3 {
            assert!(p.run(vec![1, 2]).await.is_err());
        }
        service.is(UP);
        let mut results = Vec::new();
        for _ in 0..1_000 {
            sleep(SECOND * 60).await;
            results.push(p.run(vec![1, 2]).await.is_ok());
        }
        results
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_recovered_service_is_used_again_though_siblings_cancel_the_probe() {
        let service = Service::default();
        let p = pipeline! {
            |_: Vec<u32>|
            each(limit = 4) < circuit(fail_max = 3, reset_timeout = 10s) < call_with(service.clone(), _) > >
        };
        let results = recovers(&p, &service).await;
        assert_eq!(results[..4], [false, false, false, true], "three are lost");
        assert!(results[3..].iter().all(|ok| *ok));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_also_with_retry_and_timeout_around_the_call() {
        let service = Service::default();
        let p = pipeline! {
            |_: Vec<u32>|
            each(limit = 8) <
                retry <
                    circuit(fail_max = 3, reset_timeout = 10s) <
                        timeout(2s) < call_with(service.clone(), _) >
                    >
                >
            >
        };
        let results = recovers(&p, &service).await;
        assert!(results[3..].iter().all(|ok| *ok), "{:?}", &results[..5]);
    }
    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_service_that_hangs_behind_an_outer_timeout_is_reached_three_times() {
        let service = Service::default();
        let b = breaker();
        let p = pipeline! { timeout(1s) < circuit(breaker = &b) < call(service.clone()) > > };
        service.is(HANGS);
        b.force_open();
        advance(RESET).await;
        for run in 0..100 {
            let error = p.run(()).await.unwrap_err();
            assert_eq!(matches!(error.kind(), ErrorKind::TimedOut), run < 3, "{error}");
        }
        assert_eq!(service.reached(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_it_is_reached_three_times_in_each_reset_timeout_however_many_call() {
        let (service, reached) = (Service::default(), Mutex::new(Vec::new()));
        let b = breaker();
        let p = pipeline! {
            timeout(1s) < circuit(breaker = &b) < async |_| {
                reached.lock().unwrap().push(Instant::now());
                service.answer().await
            } > >
        };
        service.is(HANGS);
        b.force_open();
        let begin = Instant::now();
        while begin.elapsed() < RESET * 20 {
            futures::future::join_all((0..20).map(|_| p.run(()))).await;
            sleep(TICK * 50).await;
        }
        let reached = std::mem::take(&mut *reached.lock().unwrap());
        let close = |four: &&[Instant]| four[3] - four[0] < RESET;
        assert_eq!(reached.windows(4).find(close), None);
        assert!(reached.len() > 40, "it was asked {} times", reached.len());
        // And as soon as it is back, one answer is enough.
        service.is(UP);
        sleep(RESET).await;
        let results = futures::future::join_all((0..20).map(|_| p.run(()))).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(b.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_three_lost_probes_in_a_row_open_it_for_reset_timeout() {
        let b = breaker();
        let (p, service) = guarded(&b);
        service.is(DOWN);
        p.run(()).await.unwrap_err();
        service.is(HANGS);
        advance(RESET).await;
        for lost in 1..=3 {
            advance(SECOND).await;
            let probe = begun(&p);
            advance(SECOND).await;
            drop(probe);
            assert_eq!(b.state().kind() == CircuitState::Open, lost == 3);
        }
        assert_eq!(b.state(), BreakerState::Open { retry_after: RESET });
        assert_eq!((b.failures(), b.last_failure().unwrap().as_str()), (1, "down"), "nothing new is known");
        is_open(at_once(p.run(())), RESET);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_an_answer_in_time_is_not_lost_and_one_too_late_is() {
        let b = Breaker::builder().fail_max(1).reset_timeout(RESET).close_after(2).build();
        let (p, service) = guarded(&b);
        b.force_open();
        advance(RESET).await;
        service.is(HANGS);
        drop(begun(&p));
        drop(begun(&p));
        service.is(UP);
        p.run(()).await.unwrap();
        service.is(HANGS);
        drop(begun(&p));
        drop(begun(&p));
        assert_eq!(b.state(), BreakerState::HalfOpen, "not three in a row");
        service.is(UP);
        let mut late = Box::pin(p.run(()));
        assert!(poll_once(late.as_mut()).is_pending());
        advance(RESET).await;
        late.await.unwrap();
        assert_eq!(b.state(), BreakerState::Open { retry_after: RESET });
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_probe_whose_place_was_given_to_another_is_lost() {
        let b = breaker();
        let (p, service) = guarded(&b);
        service.is(HANGS);
        b.force_open();
        advance(RESET).await;
        let mut hung = Vec::new();
        for _ in 0..3 {
            hung.push(begun(&p));
            advance(RESET).await;
        }
        is_open(at_once(p.run(())), RESET);
        drop(hung);
        assert_eq!(b.state(), BreakerState::Open { retry_after: RESET }, "each is lost once");
        assert_eq!(service.reached(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_probe_that_never_began_is_not_lost() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        let probe = begun(&p);
        let waiting: Vec<_> = (0..10).map(|_| begun(&p)).collect();
        // Each has its turn, and is dropped before it takes it.
        drop(probe);
        drop(waiting);
        assert_eq!((b.state(), service.reached()), (BreakerState::HalfOpen, 1));
    }

    /// There time is not paused, nor has it been advanced.
    #[test]
    fn circuit_9_a_probe_may_be_dropped_outside_of_its_runtime() {
        let rt =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let b = breaker();
        let (p, service) = guarded(&b);
        service.is(HANGS);
        let probe = rt.block_on(async {
            sleep(Duration::from_secs(3_600)).await;
            b.force_open();
            advance(RESET).await;
            for _ in 0..2 {
                drop(begun(&p));
            }
            begun(&p)
        });
        drop(probe);
        rt.block_on(async {
            assert_eq!(b.state(), BreakerState::Open { retry_after: RESET });
            advance(RESET).await;
            service.is(UP);
            p.run(()).await.unwrap();
        });
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_the_bus_is_told_by_the_run_that_was_lost() {
        let (b, trace) = (breaker(), Trace::default());
        let (p, service) = guarded(&b);
        service.is(HANGS);
        b.force_open();
        advance(RESET).await;
        let p = p.with_bus(&trace);
        for _ in 0..3 {
            drop(begun(&p));
        }
        let events = trace.take();
        every_execution_ends_once(&events);
        let lines: Vec<_> = events.iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
        assert_eq!(
            lines[lines.len() - 5..],
            [
                "circuit started",
                "circuit/call running",
                "circuit/call cancelled",
                "circuit half-open -> open",
                "circuit cancelled",
            ]
        );
    }

    /// Two circuits that are open at different times, in a block that fails fast: while one of them turns runs away, the
    /// other's probes are lost. They must not take turns at that.
    #[tokio::test(start_paused = true)]
    async fn circuit_9_two_circuits_do_not_cancel_each_others_probes_for_ever() {
        for [x, y] in [[0, 0], [0, 1], [1, 0]] {
            let (a, b) = (breaker(), breaker());
            a.force_open();
            sleep(RESET / 2).await;
            b.force_open();
            let service = Service::default();
            service.is(UP);
            let begin = Instant::now();
            let mut turn = 0;
            loop {
                turn += 1;
                let (one, other) = if turn % 3 == 0 { (&a, &b) } else { (&b, &a) };
                let p = pipeline! {
                    par <
                        seq <
                            async |_| { sleep(TICK * x).await }
                            circuit(breaker = one) < call(service.clone()) >
                        >
                        seq <
                            async |_| { sleep(TICK * y).await }
                            circuit(breaker = other) < call(service.clone()) >
                        >
                    >
                };
                if p.run(()).await.is_ok() {
                    break;
                }
                assert!(begin.elapsed() < RESET * 4, "still turned away after {turn} runs");
                sleep(TICK * 10).await;
            }
            assert_eq!((a.state(), b.state()), (BreakerState::Closed, BreakerState::Closed));
        }
    }
}

mod waiting {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_9_runs_wait_for_the_probe_and_go_on_when_it_succeeds() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        service.is(UP);
        let results = futures::future::join_all((0..50).map(|_| p.run(()))).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!((b.state(), service.reached()), (BreakerState::Closed, 50));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_one_runs_while_the_others_wait() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        let _probe = begun(&p);
        let mut waiting: Vec<_> = (0..49).map(|_| begun(&p)).collect();
        advance(RESET - TICK).await;
        waiting.iter_mut().for_each(Begun::is_pending);
        assert_eq!((b.state(), service.reached()), (BreakerState::HalfOpen, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_runs_that_waited_are_turned_away_when_the_probe_fails() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        service.is(DOWN);
        let results = futures::future::join_all((0..50).map(|_| p.run(()))).await;
        let mut results = results.into_iter();
        assert!(results.next().unwrap().unwrap_err().is::<Oops>());
        for result in results {
            let error = result.unwrap_err();
            assert_eq!(
                error.to_string(),
                "block `circuit` did not run: the circuit is open, retry in 10s (last failure: down)"
            );
        }
        assert_eq!(service.reached(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_after_a_verdict_runs_are_turned_away_again() {
        for verdict in [UP, DOWN] {
            let b = breaker();
            let (p, service) = guarded(&b);
            patient(&p, &service, &b).await;
            service.is(verdict);
            assert_eq!(p.run(()).await.is_ok(), verdict == UP);
            b.force_open();
            advance(RESET).await;
            service.is(HANGS);
            let _probe = begun(&p);
            assert!(matches!(at_once(p.run(())).unwrap_err().kind(), ErrorKind::CircuitHalfOpen));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_when_the_probe_is_lost_the_first_that_waits_is_the_next() {
        let b = breaker();
        let log = Log::default();
        #[task]
        async fn hang(log: Log, name: &'static str) {
            log.add(name);
            pending().await
        }
        let p = pipeline! {
            let log = log.clone();
            |_: &'static str| circuit(breaker = &b) < hang(log.clone(), _) >
        };
        b.force_open();
        advance(RESET).await;
        let run = |name| {
            let mut run = Box::pin(p.run(name));
            let _ = poll_once(run.as_mut());
            run
        };
        for name in ["1", "2", "3"] {
            drop(run(name));
        }
        advance(RESET).await;
        assert_eq!(log.take(), ["1", "2", "3"]);
        let probe = run("probe");
        let (mut first, mut second, mut third) = (run("first"), run("second"), run("third"));
        assert!(poll_once(third.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
        drop(probe);
        // In order of arrival, not of polls; and who comes now comes last.
        let mut late = run("late");
        assert!(poll_once(third.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
        assert!(poll_once(first.as_mut()).is_pending());
        assert_eq!(log.take(), ["probe", "first"]);
        drop(second);
        drop(first);
        assert!(poll_once(late.as_mut()).is_pending() && poll_once(third.as_mut()).is_pending());
        assert_eq!(log.take(), ["third"]);
        drop(third);
        // Three in a row.
        assert!(matches!(poll_once(late.as_mut()), Poll::Ready(Err(_))));
        assert!(log.take().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_who_waits_is_woken_when_its_turn_comes() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        let p = Arc::new(p);
        let probe = begun(&*p);
        let waits: Vec<_> = (0..3)
            .map(|_| {
                let p = p.clone();
                tokio::spawn(async move { p.run(()).await })
            })
            .collect();
        for _ in 0..3 {
            yield_now().await;
        }
        service.is(UP);
        // The first is aborted after it has been called, and before it could look.
        drop(probe);
        waits[0].abort();
        let begin = Instant::now();
        for (number, waits) in waits.into_iter().enumerate() {
            assert_eq!(waits.await.is_ok_and(|result| result.is_ok()), number > 0);
        }
        assert_eq!(begin.elapsed(), TICK * 10, "one after the other: the probe, and then the run");
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_who_waits_does_not_wait_for_a_probe_that_hangs() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        let _hangs = begun(&p);
        service.is(UP);
        let begin = Instant::now();
        p.run(()).await.unwrap();
        assert_eq!(begin.elapsed(), RESET + TICK * 5);
        assert_eq!(b.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_who_waits_does_not_wait_for_one_before_it_that_is_not_polled() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        let probe = begun(&p);
        let mut never_polled_again: Vec<_> = (0..2).map(|_| begun(&p)).collect();
        service.is(UP);
        let begin = Instant::now();
        let (result, ()) = tokio::join!(p.run(()), async {
            sleep(SECOND).await;
            drop(probe);
        });
        result.unwrap();
        // Since the probe was dropped, each of those before it had its time.
        assert_eq!(begin.elapsed(), SECOND + RESET * 2 + TICK * 5);
        // If they are polled after all, they are runs like others.
        for run in &mut never_polled_again {
            run.is_pending();
        }
        advance(TICK * 5).await;
        for run in never_polled_again {
            run.result().unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_who_has_lost_its_place_takes_another_and_is_woken_there() {
        let b = breaker();
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        let (probe, late, mut behind) = (begun(&p), begun(&p), begun(&p));
        service.is(UP);
        drop(probe);
        behind.is_pending();
        advance(RESET).await;
        behind.is_pending();
        let begin = Instant::now();
        // Each is polled when it is woken, and not when another is.
        let runs: FuturesUnordered<_> = [late.0, behind.0].into_iter().collect();
        assert!(runs.all(|result| ready(result.is_ok())).await);
        assert_eq!(begin.elapsed(), TICK * 10, "one after the other: the one behind, and then the late one");
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_the_handle_decides_for_those_who_wait() {
        type Change = fn(&Breaker);
        let changes: [(Change, Result<(), bool>); 4] = [
            (Breaker::force_close, Ok(())),
            (Breaker::reset, Ok(())),
            (Breaker::force_open, Err(false)),
            (Breaker::isolate, Err(true)),
        ];
        for (change, expected) in changes {
            let b = breaker();
            let (p, service) = guarded(&b);
            patient(&p, &service, &b).await;
            let _hangs = begun(&p);
            service.is(UP);
            let (results, ()) = tokio::join!(futures::future::join_all((0..9).map(|_| p.run(()))), async {
                sleep(SECOND).await;
                change(&b);
            });
            assert_eq!(results.len(), 9);
            for result in results {
                let found = result.map_err(|error| match error.into_kind() {
                    ErrorKind::CircuitOpen { isolated, .. } => isolated,
                    other => panic!("{other:?}"),
                });
                assert_eq!(found, expected);
            }
            assert_eq!(service.reached(), 1 + if expected.is_ok() { 9 } else { 0 });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_several_probes_run_at_once_and_the_others_wait() {
        let b = Breaker::builder().fail_max(1).reset_timeout(RESET).probes(2).close_after(3).build();
        let (p, service) = guarded(&b);
        b.force_open();
        advance(RESET).await;
        service.is(HANGS);
        for _ in 0..3 {
            drop(begun(&p));
        }
        advance(RESET).await;
        service.is(UP);
        let begin = Instant::now();
        let results = futures::future::join_all((0..10).map(|_| p.run(()))).await;
        assert!(results.iter().all(Result::is_ok));
        // Two, then the third success, then the other seven at once; the fourth was a probe as well.
        assert_eq!(begin.elapsed(), TICK * 15);
        assert_eq!(b.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_wait_is_a_flag() {
        let service = Service::default();
        let p = pipeline! { circuit(fail_max = 1, reset_timeout = 10s, wait) < call(service.clone()) > };
        p.run(()).await.unwrap_err();
        advance(RESET).await;
        service.is(UP);
        let results = futures::future::join_all((0..50).map(|_| p.run(()))).await;
        assert!(results.iter().all(Result::is_ok), "the very first half-open turns nobody away");
        assert_eq!(p.graph().to_string(), "circuit(fail_max = 1, reset_timeout = 10s, wait)\n└─ call");
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_wait_is_of_the_builder() {
        for wait in [true, false] {
            let b = Breaker::builder().fail_max(1).reset_timeout(RESET).wait(wait).build();
            let (p, service) = guarded(&b);
            b.force_open();
            advance(RESET).await;
            service.is(UP);
            let (probe, other) = tokio::join!(p.run(()), p.run(()));
            assert_eq!((probe.is_ok(), other.is_ok()), (true, wait));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_circuit_that_waits_rests_after_three_lost_probes_too() {
        let b = Breaker::builder().fail_max(1).reset_timeout(RESET).wait(true).build();
        let (p, service) = guarded(&b);
        service.is(HANGS);
        b.force_open();
        advance(RESET).await;
        let probe = begun(&p);
        let mut waiting: Vec<_> = (0..3).map(|_| begun(&p)).collect();
        drop(probe);
        for _ in 0..2 {
            waiting[0].is_pending();
            waiting.remove(0);
        }
        is_open(waiting.remove(0).result(), RESET);
        assert_eq!(service.reached(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_run_that_waits_has_events_as_any_other() {
        let (b, trace) = (breaker(), Trace::default());
        let (p, service) = guarded(&b);
        let watched = (&p).with_bus(&trace);
        let wait = || {
            let mut run = Begun(Box::pin(watched.run(())));
            run.is_pending();
            run
        };
        let told = || {
            let events = trace.take();
            every_execution_ends_once(&events);
            events.iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect::<Vec<_>>()
        };

        const WAITS: &str = "circuit told of waiting";
        patient(&p, &service, &b).await;
        service.is(UP);
        let (mut probe, mut run) = (begun(&p), wait());
        advance(TICK * 5).await;
        assert!(matches!(probe.poll(), Poll::Ready(Ok(()))));
        run.is_pending();
        advance(TICK * 5).await;
        run.result().unwrap();
        let begins =
            ["circuit started", WAITS, "circuit/call running", "circuit/call succeeded", "circuit succeeded"];
        assert_eq!(told(), begins);

        patient(&p, &service, &b).await;
        let _probe = begun(&p);
        drop(wait());
        assert_eq!(told(), ["circuit started", WAITS, "circuit cancelled"]);
        let run = wait();
        b.isolate();
        run.result().unwrap_err();
        let turned_away = [
            "circuit started",
            WAITS,
            "circuit half-open -> isolated",
            "circuit isolated -> isolated, rejected",
            "circuit failed",
        ];
        assert_eq!(told(), turned_away);
    }
}

mod deadlocks {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn circuit_9_siblings_that_share_a_place_do_not_wait_for_each_other() {
        for limit in [1, 2, 3, 50] {
            let b = breaker();
            let (one, service) = guarded(&b);
            let items = pipeline! {
                |_: Vec<u32>|
                each(limit = limit) < circuit(breaker = &b) < call_with(service.clone(), _) > >
            };
            let children = pipeline! {
                par(limit = limit) <
                    circuit(breaker = &b) < call(service.clone()) >
                    circuit(breaker = &b) < call(service.clone()) >
                    par(limit = 1) <
                        circuit(breaker = &b) < call(service.clone()) >
                        circuit(breaker = &b) < call(service.clone()) >
                    >
                >
            };
            patient(&one, &service, &b).await;
            service.is(UP);
            let (items, children) = tokio::join!(items.run((0..20).collect()), children.run(()));
            items.unwrap();
            children.unwrap();
            assert_eq!(b.state(), BreakerState::Closed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_a_probe_that_needs_what_one_has_that_waits_for_it_has_its_time_and_no_more() {
        let b = breaker();
        let permits = Semaphore::new(1);
        let needs = pipeline! {
            circuit(breaker = &b) < async |_| { drop(permits.acquire().await.unwrap()); } >
        };
        let (p, service) = guarded(&b);
        patient(&p, &service, &b).await;
        service.is(UP);
        let permit = permits.acquire().await.unwrap();
        let begin = Instant::now();
        let (probe, waited) = tokio::join!(needs.run(()), async {
            let _held = permit;
            p.run(()).await
        });
        probe.unwrap();
        waited.unwrap();
        assert_eq!((begin.elapsed(), b.state()), (RESET + TICK * 5, BreakerState::Closed));
    }

    #[tokio::test(start_paused = true)]
    async fn circuit_9_two_probes_that_wait_in_each_others_circuits_have_their_time_and_no_more() {
        let [a, b] = [(); 2].map(|()| Breaker::builder().reset_timeout(RESET).wait(true).build());
        a.force_open();
        b.force_open();
        sleep(RESET).await;
        let service = Service::default();
        service.is(UP);
        let one = pipeline! {
            circuit(breaker = &a) <
                async |_| { sleep(TICK).await }
                circuit(breaker = &b) < call(service.clone()) >
            >
        };
        let other = pipeline! {
            circuit(breaker = &b) <
                async |_| { sleep(TICK).await }
                circuit(breaker = &a) < call(service.clone()) >
            >
        };
        let begin = Instant::now();
        let (one, other) = tokio::join!(one.run(()), other.run(()));
        one.unwrap();
        other.unwrap();
        assert_eq!(begin.elapsed(), RESET + TICK * 5);
        assert_eq!((a.state(), b.state()), (BreakerState::Closed, BreakerState::Closed));
    }
}

mod threads {
    use super::*;

    /// A runtime whose time goes on when it is told to. Nothing wakes a run but another.
    #[derive(Clone)]
    struct ByHand(Arc<Mutex<std::time::Instant>>);

    impl Runtime for ByHand {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Box::pin(attempt.run())
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
            Box::pin(pending())
        }

        fn now(&self) -> std::time::Instant {
            *self.0.lock().unwrap()
        }

        fn random(&self) -> u64 {
            0
        }
    }

    #[task]
    async fn answer(works: bool) -> Result<(), Oops> {
        for _ in 0..3 {
            yield_now().await;
        }
        if works { Ok(()) } else { Err(Oops("down")) }
    }

    /// The probe's time ends after the clock's.
    #[test]
    fn circuit_9_runs_wait_where_the_clock_has_no_time_for_the_end_of_it() {
        let reset = SECOND * (1 << 31) * (1 << 31);
        let b = Breaker::builder().fail_max(1).reset_timeout(reset).wait(true).build();
        let rt = ByHand(Arc::new(Mutex::new(std::time::Instant::now())));
        let service = Service::default();
        let p = pipeline! { |_: bool| circuit(breaker = &b) < async |fails| {
            service.0.1.fetch_add(1, SeqCst);
            if fails { Err(Oops("down")) } else { yield_now().await; Ok(()) }
        } > };
        at_once(p.on(&rt).run(true)).unwrap_err();
        *rt.0.lock().unwrap() += reset;
        assert_eq!(rt.now().checked_add(reset), None);
        let mut runs: Vec<_> = (0..3).map(|_| Box::pin(p.on(&rt).run(false))).collect();
        for run in &mut runs {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        assert_eq!(service.reached(), 2);
        // The probe ends, and the others run.
        let probe = runs.remove(0);
        at_once(probe).unwrap();
        for run in &mut runs {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        for run in runs {
            at_once(run).unwrap();
        }
        assert_eq!((b.state(), service.reached()), (BreakerState::Closed, 2));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn circuit_9_nobody_is_forgotten_who_waits() {
        let b = Breaker::builder().fail_max(1).reset_timeout(RESET).wait(true).build();
        let rt: &'static ByHand =
            Box::leak(Box::new(ByHand(Arc::new(Mutex::new(std::time::Instant::now())))));
        let p = &*Box::leak(Box::new(pipeline! { |_: bool| circuit(breaker = &b) < answer > }));
        let mut waited = 0;
        for round in 0..300 {
            p.on(rt).run(false).await.unwrap_err();
            *rt.0.lock().unwrap() += RESET;
            let runs: Vec<_> = (0..16).map(|_| tokio::spawn(p.on(rt).run(true))).collect();
            // Some give up, wherever they are by then.
            for given_up in runs.iter().skip(round % 5).step_by(3) {
                given_up.abort();
            }
            for run in runs {
                // It would hang, not take long.
                let ended = timeout(SECOND * 60, run).await.expect("a run was forgotten");
                match ended.map(|result| result.map_err(Error::into_kind)) {
                    Ok(Ok(())) => waited += 1,
                    // Three probes in a row gave up.
                    Ok(Err(ErrorKind::CircuitOpen { .. })) => {}
                    Ok(Err(other)) => panic!("{other:?}"),
                    Err(given_up) => assert!(given_up.is_cancelled()),
                }
            }
            b.force_close();
        }
        assert!(waited > 300, "{waited}");
    }
}
