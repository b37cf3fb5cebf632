//! The block `throttle`.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{
    Admit, Attempt, BoxFuture, Breaker, Done, Error, ErrorKind, Gatekeeper, Limiter, Local, Position, Report,
    Run, Runtime, pipeline, task,
};
use futures::future::join_all;
use tokio::time::{Instant, advance, sleep, timeout};

use common::{Oops, at_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[task]
async fn work(n: u32) -> u32 {
    n
}

#[task]
async fn fails() -> Result<u32, Oops> {
    Err(Oops("down"))
}

type Ran<'a, T = u32> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// How long it takes until all of so many runs that come at once have ended.
async fn takes<P: Run<In = u32>>(p: &P, runs: u32) -> Duration {
    let start = Instant::now();
    for result in join_all((0..runs).map(|n| p.run(n))).await {
        assert!(result.is_ok());
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn throttle_1_no_more_begin_than_the_burst_and_the_rate() {
    let p = pipeline! { |_: u32| throttle(rate = 10, burst = 5) < work > };
    assert_eq!(takes(&p, 5).await, Duration::ZERO);
    assert_eq!(takes(&p, 3).await, 300 * MS);
    // It holds no more than the burst, however long nobody came.
    advance(100 * SECOND).await;
    assert_eq!(takes(&p, 6).await, 100 * MS);
    let p = pipeline! { |_: u32| throttle(rate = 1, per = 2s) < work > };
    assert_eq!(takes(&p, 4).await, 6 * SECOND);
    // And a cost takes as many.
    let p = pipeline! { |_: u32| throttle(rate = 10, burst = 4, cost = 3) < work > };
    assert_eq!(takes(&p, 3).await, 500 * MS);
}

#[tokio::test(start_paused = true)]
async fn throttle_2_what_is_taken_is_not_given_back() {
    let limiter = Limiter::builder(1).burst(9).build();
    let p = pipeline! { throttle(limiter = &limiter) < fails > };
    assert_eq!(at_once(p.run(())).unwrap_err().path(), "throttle/fails");
    let p = pipeline! { throttle(limiter = &limiter) < async |_| { sleep(SECOND).await } > };
    let mut run: Ran<'_, ()> = Box::pin(p.run(()));
    assert!(poll_once(run.as_mut()).is_pending());
    drop(run);
    let p = pipeline! { throttle(limiter = &limiter) < bulkhead(max = 1) < |_| {} > > };
    at_once(p.run(())).unwrap();
    let breaker = Breaker::new();
    breaker.force_open();
    let p = pipeline! { throttle(limiter = &limiter) < circuit(breaker = &breaker) < |_| {} > > };
    assert!(at_once(p.run(())).is_err());
    assert_eq!(limiter.available(), 5);
}

#[tokio::test(start_paused = true)]
async fn throttle_3_first_come_first_served_at_the_exact_moment() {
    let p = pipeline! { |_: u32| throttle(rate = 100) < work > };
    assert_eq!(takes(&p, 1_000).await, 9_990 * MS);
    let limiter = Limiter::builder(10).burst(3).build();
    let began = Mutex::new(Vec::new());
    let start = Instant::now();
    let begins = |n| began.lock().unwrap().push((n, start.elapsed().as_millis()));
    let cheap = pipeline! { |_: u32| throttle(limiter = &limiter) < |n| { begins(n) } > };
    let dear = pipeline! { |_: u32| throttle(limiter = &limiter, cost = 3) < |n| { begins(n) } > };
    let (a, b, c, d) = tokio::join!(dear.run(1), dear.run(2), cheap.run(3), cheap.run(4));
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
    assert_eq!(*began.lock().unwrap(), [(1, 0), (2, 300), (3, 400), (4, 500)]);
    // Nobody overtakes who waits, though the token that it asks for is there.
    advance(SECOND).await;
    let mut first: Ran<'_, ()> = Box::pin(dear.run(5));
    assert!(poll_once(first.as_mut()).is_ready());
    advance(100 * MS).await;
    let mut waits: Ran<'_, ()> = Box::pin(dear.run(6));
    let mut late: Ran<'_, ()> = Box::pin(cheap.run(7));
    assert!(poll_once(waits.as_mut()).is_pending() && poll_once(late.as_mut()).is_pending());
    assert_eq!((limiter.waiting(), limiter.available()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn throttle_4_who_is_dropped_costs_the_others_nothing() {
    let limiter = Limiter::new(10);
    let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    let start = Instant::now();
    at_once(p.run(0)).unwrap();
    let timed = async |n| (p.run(n).await.unwrap(), start.elapsed());
    let gives_up = async |time| timeout(time, p.run(0)).await.is_err();
    let (one, two, three, four) = tokio::join!(gives_up(50 * MS), timed(1), gives_up(150 * MS), timed(2));
    assert!(one && three);
    assert_eq!((two, four), ((1, 100 * MS), (2, 200 * MS)));
    assert_eq!(limiter.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn throttle_5_who_would_wait_too_long_is_turned_away_at_once() {
    let p = pipeline! { |_: u32| throttle(rate = 10, max_wait = 200ms) < work > };
    let start = Instant::now();
    let timed = async |n| (p.run(n).await.map_err(Error::into_kind), start.elapsed());
    let (one, two, three, four) = tokio::join!(timed(1), timed(2), timed(3), timed(4));
    assert_eq!((one.1, two.1, three.1, four.1), (Duration::ZERO, 100 * MS, 200 * MS, Duration::ZERO));
    let kind = four.0.unwrap_err();
    assert!(
        matches!(kind, ErrorKind::Throttled { retry_after, .. } if retry_after == 300 * MS)
            && kind.is_rejection()
    );
    assert_eq!(kind.to_string(), "the rate is used up, retry in 300ms");
    let p = pipeline! { |_: u32| throttle(rate = 10, max_wait = 0s) < work > };
    at_once(p.run(1)).unwrap();
    assert!(matches!(at_once(p.run(1)).unwrap_err().kind(), ErrorKind::Throttled { .. }));
}

#[test]
fn throttle_6_a_cost_that_is_never_there_is_an_error() {
    let limiter = Limiter::builder(10).burst(2).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter, cost = 3) < work > };
    let error = at_once(p.run(1)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidOption { .. }));
    assert!(!error.kind().is_rejection());
    assert_eq!(
        error.to_string(),
        "block `throttle` did not run: the option `cost` is 3, more than the `burst` of the throttle, which is 2"
    );
    let cost = 7;
    let p = pipeline! { |_: u32| throttle(rate = 3, burst = 5, cost = cost) < work > };
    assert!(matches!(at_once(p.run(1)).unwrap_err().kind(), ErrorKind::InvalidOption { .. }));
}

#[tokio::test(start_paused = true)]
async fn throttle_7_a_pause_holds_all_back() {
    let limiter = Limiter::builder(10).burst(2).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    limiter.pause_for(3 * SECOND);
    limiter.pause_for(SECOND);
    assert_eq!(limiter.available(), 0);
    assert_eq!(takes(&p, 3).await, 3_100 * MS);
    // Also those who wait already, in their order.
    let start = Instant::now();
    let pauses = async {
        sleep(50 * MS).await;
        limiter.pause_for(SECOND);
    };
    let ((), one, two) = tokio::join!(pauses, async { p.run(1).await.map(|_| start.elapsed()) }, p.run(2));
    assert_eq!((one.unwrap(), two.unwrap()), (1_050 * MS, 2));

    let limiter = Limiter::builder(10).max_wait(SECOND).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    at_once(p.run(1)).unwrap();
    let start = Instant::now();
    let pauses = async {
        sleep(50 * MS).await;
        limiter.pause_for(9 * SECOND);
    };
    let (result, ()) = tokio::join!(p.run(2), pauses);
    assert!(
        matches!(result.unwrap_err().kind(), ErrorKind::Throttled { retry_after, .. } if *retry_after == 9 * SECOND)
    );
    assert_eq!((start.elapsed(), limiter.waiting()), (50 * MS, 0));

    // One as long as that turns nobody away, though the second now waits for longer.
    let limiter = Limiter::builder(10).max_wait(SECOND).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    at_once(p.run(1)).unwrap();
    let start = Instant::now();
    let (one, two, ()) = tokio::join!(p.run(2), p.run(3), async { limiter.pause_for(SECOND) });
    assert_eq!((one.unwrap(), two.unwrap(), start.elapsed()), (2, 3, 1_100 * MS));
}

/// On a clock that is ahead, or behind.
struct Shifted(i64);

impl Runtime for Shifted {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> std::time::Instant {
        let by = Duration::from_secs(self.0.unsigned_abs());
        if self.0 < 0 { Local.now() - by } else { Local.now() + by }
    }

    fn random(&self) -> u64 {
        0
    }
}

#[tokio::test(start_paused = true)]
async fn throttle_8_two_clocks_do_not_panic() {
    let limiter = Limiter::builder(10).burst(2).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    advance(1_000 * SECOND).await;
    for shift in [0, 100, -100, 0] {
        let start = Instant::now();
        p.on(&Shifted(shift)).run(1).await.unwrap();
        assert!(start.elapsed() <= 201 * SECOND);
    }
    // As far away as there is, and as many.
    let limiter = Limiter::builder(u32::MAX).per(Duration::MAX).burst(u32::MAX).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter, cost = u32::MAX) < work > };
    at_once(p.run(1)).unwrap();
    limiter.pause_for(Duration::MAX);
    let mut run: Ran<'_> = Box::pin(p.run(1));
    assert!(poll_once(run.as_mut()).is_pending());
}

#[tokio::test(start_paused = true)]
async fn throttle_9_a_burst_keeps_a_rate_that_timers_are_too_coarse_for() {
    for (rate, burst, runs) in [(300, 2, 3_002), (7, 2, 72), (10_000, 20, 20_020), (1_500, 4, 3_004)] {
        let limiter = Limiter::builder(rate).burst(burst).build();
        let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
        let exact = SECOND * (runs - burst) / rate;
        let took = takes(&p, runs).await;
        assert!(took >= exact && took <= exact + MS, "{runs} at {rate}/s took {took:?}");
    }
    let p = pipeline! { |_: u32| throttle(rate = 10_000) < work > };
    assert_eq!(takes(&p, 101).await, 100 * MS, "one for each time that a timer wakes, and never two");
}

#[tokio::test(start_paused = true)]
async fn throttle_10_waiting_is_told_with_its_time() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| throttle(rate = 10) < work > }.with_bus(recorder.clone());
    assert_eq!(takes(&p, 3).await, 200 * MS);
    let waiting: Vec<_> = recorder.of("throttle").iter().filter_map(|event| event.waiting()).collect();
    let times: Vec<_> = waiting.iter().map(|waiting| (waiting.cause, waiting.time)).collect();
    assert_eq!(times, [("no token is left", Some(100 * MS)), ("no token is left", Some(200 * MS))]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn throttle_11_a_rejection_is_not_retried_and_counts_nothing_for_a_circuit() {
    let limiter = Limiter::builder(1).max_wait(Duration::ZERO).build();
    let breaker = Breaker::builder().fail_max(1).build();
    let attempts = AtomicUsize::new(0);
    let p = pipeline! {
        retry < seq <
            |_| { attempts.fetch_add(1, SeqCst); 1 }
            circuit(breaker = &breaker) < throttle(limiter = &limiter) < work > >
        > >
    };
    p.run(()).await.unwrap();
    assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::Throttled { .. }));
    assert_eq!((attempts.load(SeqCst), breaker.failures()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn throttle_12_a_handle_is_shared_and_rates_nest() {
    let limiter = Arc::new(Limiter::builder(10).burst(2).build());
    let one = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    let two = pipeline! { |_: u32| throttle(limiter = (*limiter).clone()) < work > };
    let three = pipeline! { |_: u32| throttle(limiter = &*limiter) < work > };
    let start = Instant::now();
    let (a, b, c) = tokio::join!(one.run(1), two.run(2), three.run(3));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(start.elapsed(), 100 * MS);
    let tiers = pipeline! {
        |_: u32| throttle(rate = 10, burst = 5) < throttle(rate = 6, per = 1m, burst = 6) < work > >
    };
    assert_eq!(takes(&tiers, 8).await, 20 * SECOND);
    assert!(format!("{limiter:?}").contains("rate: 10, per: 1s, burst: 2, max_wait: None"));
}

struct Scribe(Admit, Mutex<Vec<String>>);

impl Runtime for Scribe {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> std::time::Instant {
        Local.now()
    }

    fn random(&self) -> u64 {
        0
    }

    fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
        let Gatekeeper::Throttle(limiter) = gatekeeper else { panic!("{gatekeeper:?}") };
        self.1.lock().unwrap().push(format!("{} with {} tokens", at.path(), limiter.available()));
        self.0.clone()
    }

    fn admitted(
        &self,
        _at: Position<'_>,
        _gatekeeper: Gatekeeper<'_>,
        answer: Result<(), &ErrorKind<std::convert::Infallible>>,
    ) {
        self.1.lock().unwrap().push(format!("{answer:?}"));
    }

    fn report(&self, _at: Position<'_>, _gatekeeper: Gatekeeper<'_>, report: Report) -> bool {
        panic!("{report:?}")
    }
}

#[tokio::test(start_paused = true)]
async fn throttle_13_a_runtime_is_asked_before_it_and_hears_the_answer() {
    let limiter = Limiter::builder(1).max_wait(SECOND).build();
    let p = pipeline! { |_: u32| throttle(limiter = &limiter) < work > };
    let scribe = Scribe(Admit::Ask, Mutex::default());
    let (a, b, c) = tokio::join!(p.on(&scribe).run(1), p.on(&scribe).run(2), p.on(&scribe).run(3));
    assert!(a.is_ok() && b.is_ok() && c.is_err());
    let (one, none) = ("throttle with 1 tokens", "throttle with 0 tokens");
    let heard = scribe.1.into_inner().unwrap();
    assert_eq!(heard, [one, "Ok(())", none, none, "Err(Throttled { retry_after: 2s })", "Ok(())"]);
    let scribe = Scribe(Admit::Pass, Mutex::default());
    assert_eq!(at_once(p.on(&scribe).run(1)).unwrap(), 1);
    assert_eq!(scribe.1.into_inner().unwrap(), [none]);
    let scribe = Scribe(Admit::Reject(ErrorKind::Rejected), Mutex::default());
    assert!(matches!(at_once(p.on(&scribe).run(1)).unwrap_err().kind(), ErrorKind::Rejected));
}
