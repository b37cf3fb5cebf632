//! What ends the attempts of a `retry` besides their number, and the waits that a server asks for.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::{
    Attempt, BoxFuture, Breaker, BudgetSpent, Done, Error, Event, Local, RetryBudget, Run, Runtime, bus,
    pipeline, task,
};
use tokio::time::{Instant, advance, sleep};

use common::{Oops, Trace, every_execution_ends_once, polled};

mod common;

const SECOND: Duration = Duration::from_secs(1);

/// When attempts began, in milliseconds.
#[derive(Clone, Debug)]
struct Began(Arc<Mutex<Vec<u64>>>, Instant);

impl Began {
    fn new() -> Self {
        Began(Arc::default(), Instant::now())
    }

    fn now(&self) {
        self.0.lock().unwrap().push(self.1.elapsed().as_millis() as u64);
    }

    fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Fails after so many milliseconds.
#[task]
async fn fails(began: &Began, ms: u64) -> Result<u32, Oops> {
    began.now();
    sleep(Duration::from_millis(ms)).await;
    Err(Oops("down"))
}

#[tokio::test(start_paused = true)]
async fn retry_6_no_attempt_begins_later_than_max_elapsed() {
    let began = Began::new();
    let p = pipeline! {
        retry(max_attempts = 9, max_elapsed = 25s, backoff = constant(10s), jitter = none) <
            fails(&began, 0)
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!((began.take(), error.attempts()), (vec![0, 10_000, 20_000], 3));
    assert_eq!(began.1.elapsed(), SECOND * 20, "at once, and not after a wait for nothing");
    assert_eq!(error.to_string(), "step `retry/fails` failed after 3 attempts: down");
}

#[tokio::test(start_paused = true)]
async fn retry_6_one_whose_wait_ends_just_then_begins() {
    let began = Began::new();
    let p = pipeline! {
        retry(max_attempts = unlimited, max_elapsed = 20s, backoff = constant(10s), jitter = none) <
            fails(&began, 0)
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(began.take(), [0, 10_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn retry_6_it_is_counted_from_the_blocks_start_attempts_and_waits_together() {
    let began = Began::new();
    let p = pipeline! {
        seq <
            async |()| { sleep(SECOND * 60).await }
            |()| { began.now() }
            retry(max_attempts = unlimited, max_elapsed = 26s, backoff = constant(1s), jitter = none) <
                fails(&began, 8_000)
            >
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(began.take(), [60_000, 60_000, 69_000, 78_000]);
    // It ends in 86 s, and the next would begin 27 s after the start.
    assert_eq!(began.1.elapsed(), SECOND * 86);
}

#[tokio::test(start_paused = true)]
async fn retry_6_an_attempt_under_way_is_not_cut_short() {
    let attempts = AtomicU32::new(0);
    let p = pipeline! {
        retry(max_elapsed = 10s, backoff = constant(9s), jitter = none) < async |()| {
            if attempts.fetch_add(1, SeqCst) == 0 { return Err(Oops("down")) }
            sleep(SECOND * 100).await;
            Ok(1_u32)
        } >
    };
    assert_eq!(p.run(()).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_6_it_ends_attempts_without_a_wait_too() {
    let began = Began::new();
    let p = pipeline! {
        retry(max_attempts = unlimited, max_elapsed = 20ms, backoff = constant(0s)) < fails(&began, 5) >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 5);
    assert_eq!(began.take(), [0, 5, 10, 15, 20]);
}

#[tokio::test(start_paused = true)]
async fn retry_6_each_run_has_the_time_for_itself_and_so_has_an_inner_block() {
    let began = Began::new();
    let p = pipeline! {
        retry(max_attempts = 2, backoff = constant(10s), jitter = none) <
            retry(max_attempts = 9, max_elapsed = 3s, backoff = constant(2s), jitter = none) <
                fails(&began, 0)
            >
        >
    };
    for _ in 0..2 {
        let start = began.1.elapsed().as_millis() as u64;
        p.run(()).await.unwrap_err();
        let since: Vec<u64> = began.take().into_iter().map(|ms| ms - start).collect();
        assert_eq!(since, [0, 2_000, 12_000, 14_000]);
    }
}

#[test]
fn retry_6_a_time_of_zero_panics_when_it_is_built() {
    fn built(time: Duration) -> Result<(), String> {
        std::panic::catch_unwind(|| {
            drop(pipeline! { retry(max_elapsed = time) < |()| { Err::<(), _>(Oops("x")) } > })
        })
        .map_err(|payload| payload.downcast_ref::<String>().cloned().unwrap_or_default())
    }
    assert_eq!(built(Duration::MAX), Ok(()));
    let message = built(Duration::ZERO).unwrap_err();
    assert!(
        message
            .starts_with("block `retry`: `max_elapsed` must be longer than zero, at tests/retry_limits.rs:"),
        "{message}"
    );
}

/// A failure that says when to come again.
#[derive(Debug)]
struct Busy(Option<Duration>);

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("busy")
    }
}

impl std::error::Error for Busy {}

fn asked(error: &Error) -> Option<Duration> {
    error.downcast_ref::<Busy>()?.0
}

/// Each attempt fails, and asks for the wait that is next.
#[task]
async fn busy(began: &Began, asks: &[Option<u64>]) -> Result<u32, Busy> {
    let attempt = began.0.lock().unwrap().len();
    began.now();
    Err(Busy(asks.get(attempt).copied().flatten().map(Duration::from_millis)))
}

#[tokio::test(start_paused = true)]
async fn retry_7_the_wait_that_an_error_asks_for_wins_over_the_backoffs() {
    let began = Began::new();
    // Longer, shorter, none at all, and the backoff's own, of which the ones before are used up.
    let p = pipeline! {
        retry(max_attempts = 5, backoff = exponential(1s), jitter = none, retry_after = asked) <
            busy(&began, &[Some(7_000), Some(10), Some(0), None])
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(began.take(), [0, 7_000, 7_010, 7_010, 15_010]);
}

#[tokio::test(start_paused = true)]
async fn retry_7_it_may_be_a_closure_over_the_error_as_it_is() {
    let began = Began::new();
    let p = pipeline! {
        retry(
            max_attempts = 2,
            jitter = none,
            retry_after = |e| e.downcast_ref::<Busy>().and_then(|busy| busy.0)
        ) < busy(&began, &[Some(3_000)]) >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(began.take(), [0, 3_000]);
    let told = Mutex::new(Vec::new());
    let bus = bus::from_fn(|event: &Event<'_>| told.lock().unwrap().extend(event.retrying()));
    (&p).with_bus(&bus).run(()).await.unwrap_err();
    assert_eq!(told.lock().unwrap()[0].delay, SECOND * 3, "it is the wait that is told");
}

#[tokio::test(start_paused = true)]
async fn retry_7_it_is_capped_by_max_delay() {
    let began = Began::new();
    let p = pipeline! {
        retry(max_attempts = 3, backoff = constant(1s), max_delay = 5s, jitter = full, retry_after = asked) <
            busy(&began, &[Some(60_000), Some(u64::MAX)])
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(began.take(), [0, 5_000, 10_000]);
}

/// Tokio's, with bits that are not random, and a clock that is.
struct Fixed {
    random: u64,
    clock_readings: AtomicU64,
}

impl Runtime for Fixed {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Local.execute(attempt)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> std::time::Instant {
        self.clock_readings.fetch_add(1, SeqCst);
        Runtime::now(&Local)
    }

    fn random(&self) -> u64 {
        self.random
    }
}

#[tokio::test(start_paused = true)]
async fn retry_7_jitter_only_adds_to_it_what_is_random_in_the_backoffs_own_wait() {
    let began = Began::new();
    let asks = [Some(10_000)];
    macro_rules! waits {
        ($jitter:ident) => {{
            let p = pipeline! {
                retry(max_attempts = 2, backoff = constant(4s), jitter = $jitter, retry_after = asked) < busy(&began, &asks) >
            };
            let mut waits = Vec::new();
            for random in [0, 1 << 63, u64::MAX] {
                let start = Instant::now();
                p.on(&Fixed { random, clock_readings: AtomicU64::new(0) }).run(()).await.unwrap_err();
                waits.push(start.elapsed().as_millis());
                began.take();
            }
            waits
        }};
    }
    assert_eq!(waits!(full), [10_000, 12_000, 14_000]);
    assert_eq!(waits!(equal), [10_000, 11_000, 12_000]);
    assert_eq!(waits!(none), [10_000, 10_000, 10_000]);
}

#[tokio::test(start_paused = true)]
async fn retry_7_it_is_asked_only_of_an_error_that_another_attempt_may_follow() {
    let asked = AtomicU32::new(0);
    let ask = |_: &Error| {
        asked.fetch_add(1, SeqCst);
        Some(SECOND)
    };
    let began = Began::new();
    let p = pipeline! { retry(max_attempts = 3, retry_after = ask, jitter = none) < fails(&began, 0) > };
    p.run(()).await.unwrap_err();
    assert_eq!((asked.swap(0, SeqCst), began.take()), (2, vec![0, 1_000, 2_000]), "not of the last");
    let p = pipeline! { retry(max_attempts = 3, retry_after = ask, when = |_| false) < fails(&began, 0) > };
    p.run(()).await.unwrap_err();
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! { retry(retry_after = ask) < circuit(breaker = &breaker) < fails(&began, 0) > > };
    p.run(()).await.unwrap_err();
    // Where the delays end, so do the attempts, whatever an error asks for.
    let p = pipeline! { retry(retry_after = ask, backoff = [SECOND; 0].into_iter()) < fails(&began, 0) > };
    p.run(()).await.unwrap_err();
    assert_eq!(asked.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn retry_7_one_that_ends_after_max_elapsed_is_not_waited_for() {
    let began = Began::new();
    for ask in [60_001, u64::MAX] {
        let asks = [Some(ask)];
        let p = pipeline! {
            retry(max_elapsed = 60s, jitter = none, retry_after = asked) < busy(&began, &asks) >
        };
        assert_eq!(p.run(()).await.unwrap_err().attempts(), 1);
        began.take();
    }
    assert_eq!(began.1.elapsed(), Duration::ZERO);
}

/// Without what time adds, and empty.
fn empty(ratio: f64, capacity: u32) -> RetryBudget {
    let budget = RetryBudget::builder().ratio(ratio).min_per_second(0).capacity(capacity).build();
    let drained = pipeline! {
        retry(max_attempts = unlimited, backoff = constant(0s), budget = &budget) <
            |()| { Err::<(), _>(Oops("x")) }
        >
    };
    while budget.available() > 0 {
        common::at_once(drained.run(())).unwrap_err();
    }
    budget
}

#[task]
fn fails_if(fails: bool) -> Result<(), Oops> {
    if fails { Err(Oops("down")) } else { Ok(()) }
}

#[tokio::test]
async fn retry_8_a_first_attempt_adds_its_part_and_a_further_one_takes_a_whole() {
    let budget = empty(0.25, 10);
    let p = pipeline! {
        |_: bool| retry(max_attempts = 3, backoff = constant(0s), budget = &budget) < fails_if >
    };
    assert_eq!(budget.available(), 0);
    for _ in 0..8 {
        p.run(false).await.unwrap();
    }
    assert_eq!(budget.available(), 2);
    assert_eq!(p.run(true).await.unwrap_err().attempts(), 3);
    assert_eq!(budget.available(), 0, "a part of one is left");
    // In the long run one for four first ones, and here one more, as there was a part of one.
    let mut further = 0;
    for _ in 0..399 {
        further += p.run(true).await.unwrap_err().attempts() - 1;
    }
    assert_eq!(further, 100);
}

#[tokio::test(start_paused = true)]
async fn retry_8_when_it_is_empty_the_last_error_is_the_blocks_at_once_and_it_is_told() {
    let budget = RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(1).build();
    let p = pipeline! {
        retry(max_attempts = 5, backoff = constant(1s), jitter = none, budget = &budget) < fails_if(true) >
    };
    let start = Instant::now();
    let (trace, spent) = (Trace::default(), Mutex::new(Vec::new()));
    let bus = bus::from_fn(|event: &Event<'_>| {
        if let Some(told @ BudgetSpent { step, attempts, .. }) = event.budget_spent() {
            assert_eq!(told.to_string(), "not retrying `fails_if` after attempt 2, the budget is spent");
            spent.lock().unwrap().push((event.node.path().to_owned(), step, attempts));
        }
    });
    let error = (&p).with_bus((&trace, &bus)).run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `retry/fails_if` failed after 2 attempts: down");
    assert_eq!(start.elapsed(), SECOND);
    assert_eq!(*spent.lock().unwrap(), [("retry".to_owned(), "fails_if", 2)]);
    let events = trace.take();
    every_execution_ends_once(&events);
    let lines: Vec<_> = events.iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(
        lines[lines.len() - 3..],
        ["retry/fails_if failed", "retry told of retry", "retry failed"],
        "after the failure and before the block's end"
    );
    // It is not told where nothing would have followed.
    let p = pipeline! { retry(max_attempts = 5, when = |_| false, budget = &budget) < fails_if(true) > };
    (&p).with_bus(&bus).run(()).await.unwrap_err();
    assert_eq!(spent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn retry_8_blocks_and_pipelines_share_it_however_it_is_given() {
    let budget = Arc::new(RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(6).build());
    let named = &*budget;
    let runs = [
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), budget = &budget) < fails_if(true) > }.boxed(),
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), budget = budget.clone()) < fails_if(true) > }.boxed(),
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), budget = &*budget) < fails_if(true) > }.boxed(),
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), budget = (*budget).clone()) < fails_if(true) > }.boxed(),
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), budget = named) < fails_if(true) > }.boxed(),
        pipeline! { let shared = budget.clone(); retry(max_attempts = 2, backoff = constant(0s), budget = shared) < fails_if(true) > }.boxed(),
    ];
    for (left, run) in (0..6).rev().zip(&runs) {
        assert_eq!(run.run(()).await.unwrap_err().attempts(), 2);
        assert_eq!(budget.available(), left);
    }
    for run in &runs {
        assert_eq!(run.run(()).await.unwrap_err().attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_8_time_adds_to_it_up_to_its_capacity() {
    let budget = RetryBudget::builder().ratio(0.0).min_per_second(2).capacity(3).build();
    let p =
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), budget = &budget) < fails_if(true) > };
    let attempts = async || p.run(()).await.unwrap_err().attempts();
    for _ in 0..3 {
        assert_eq!(attempts().await, 2);
    }
    assert_eq!(attempts().await, 1);
    advance(Duration::from_millis(499)).await;
    assert_eq!(attempts().await, 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(attempts().await, 2);
    assert_eq!(attempts().await, 1);
    advance(SECOND * 1000).await;
    assert_eq!(budget.available(), 3);
}

#[tokio::test(start_paused = true)]
async fn retry_8_a_token_is_taken_before_the_wait_and_only_where_all_else_allows_another_attempt() {
    let budget = RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(5).build();
    let waits =
        pipeline! { retry(backoff = constant(1h), jitter = none, budget = &budget) < fails_if(true) > };
    assert!(polled(waits.run(()), 1).await.is_none());
    assert_eq!(budget.available(), 4, "who is dropped then gives nothing back");
    let others = [
        pipeline! { retry(max_attempts = 1, budget = &budget) < fails_if(true) > }.boxed(),
        pipeline! { retry(when = |_| false, budget = &budget) < fails_if(true) > }.boxed(),
        pipeline! { retry(backoff = [SECOND; 0].into_iter(), budget = &budget) < fails_if(true) > }.boxed(),
        pipeline! { retry(backoff = constant(2s), jitter = none, max_elapsed = 1s, budget = &budget) < fails_if(true) > }.boxed(),
    ];
    for other in others {
        assert_eq!(other.run(()).await.unwrap_err().attempts(), 1);
    }
    assert_eq!(budget.available(), 4);
}

#[tokio::test(start_paused = true)]
async fn retry_9_a_run_that_was_turned_away_is_nothing_for_it() {
    let budget = RetryBudget::builder().ratio(0.5).min_per_second(0).capacity(2).build();
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        retry(max_attempts = 9, backoff = constant(1s), jitter = none, rejections, budget = &budget) <
            circuit(breaker = &breaker) < fails_if(true) >
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 9, "more often than there are tokens");
    assert_eq!(budget.available(), 2);
    // An attempt that fails, four that are turned away, and one that fails.
    let budget = empty(0.0, 1);
    let half = RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(1).build();
    let attempts = AtomicU32::new(0);
    let p = pipeline! {
        retry(max_attempts = 7, backoff = constant(1s), jitter = none, rejections, budget = &half) <
            |()| { match attempts.fetch_add(1, SeqCst) { 0 => breaker.reset(), 1 => breaker.isolate(), 5 => breaker.reset(), _ => {} } }
            circuit(breaker = &breaker) < fails_if(true) >
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(
        (error.attempts(), half.available()),
        (6, 0),
        "one token for the two that reached the service"
    );
    // One that is turned away before any that is not needs none.
    attempts.store(1, SeqCst);
    let p = pipeline! {
        retry(max_attempts = 7, backoff = constant(1s), jitter = none, rejections, budget = &budget) <
            |()| { match attempts.fetch_add(1, SeqCst) { 1 => breaker.isolate(), 5 => breaker.reset(), _ => {} } }
            circuit(breaker = &breaker) < fails_if(true) >
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 5);
}

#[tokio::test(start_paused = true)]
async fn retry_9_a_first_attempt_counts_when_it_ends_and_is_not_turned_away() {
    let count = |budget: &RetryBudget| budget.available();
    let budget = empty(1.0, 9);
    let left = count(&budget);
    // Dropped in the midst.
    let p = pipeline! { retry(budget = &budget) < async |()| { sleep(SECOND).await } > };
    assert!(polled(p.run(()), 1).await.is_none());
    assert_eq!(count(&budget), left);
    p.run(()).await.unwrap();
    assert_eq!(count(&budget), left + 1);
    // Turned away once, and then the first.
    let breaker = Breaker::builder().reset_timeout(SECOND).build();
    breaker.force_open();
    let p = pipeline! {
        retry(backoff = constant(1s), jitter = none, rejections, budget = &budget) <
            circuit(breaker = &breaker) < |()| {} >
        >
    };
    p.run(()).await.unwrap();
    assert_eq!(count(&budget), left + 2);
    // A later attempt that succeeds adds nothing.
    let attempts = AtomicU32::new(0);
    let p = pipeline! {
        retry(backoff = constant(0s), budget = &budget) <
            |()| { if attempts.fetch_add(1, SeqCst) == 0 { Err(Oops("x")) } else { Ok(()) } }
        >
    };
    p.run(()).await.unwrap();
    assert_eq!(count(&budget), left + 2, "one was added and one taken");
}

#[tokio::test(start_paused = true)]
async fn retry_10_the_clock_is_the_runs_and_is_read_only_where_it_is_needed() {
    let runtime = Fixed { random: 0, clock_readings: AtomicU64::new(0) };
    let budget = RetryBudget::new();
    let readings = |events: u64| runtime.clock_readings.swap(0, SeqCst) - events;
    // An observed run reads it for its events: as often as without any of the options.
    let p = pipeline! { retry(backoff = constant(0s)) < fails_if(true) > };
    p.on(&runtime).run(()).await.unwrap_err();
    let failed = readings(0);
    let p = pipeline! { retry < fails_if(false) > };
    p.on(&runtime).run(()).await.unwrap();
    let succeeded = readings(0);
    let p = pipeline! { retry(budget = &budget, retry_after = |_| None) < fails_if(false) > };
    p.on(&runtime).run(()).await.unwrap();
    assert_eq!(readings(succeeded), 0);
    let p = pipeline! { retry(backoff = constant(0s), budget = &budget) < fails_if(true) > };
    p.on(&runtime).run(()).await.unwrap_err();
    assert_eq!(readings(failed), 2, "for each further attempt");
    let p = pipeline! { retry(backoff = constant(0s), max_elapsed = 1h) < fails_if(true) > };
    p.on(&runtime).run(()).await.unwrap_err();
    assert_eq!(readings(failed), 3, "at the start, and for each further attempt");
}
