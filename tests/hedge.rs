//! The block `hedge`: further attempts beside one that takes long.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::bus::{self, Recorder};
use async_orch::{BoxPipeline, Breaker, BreakerState, Event, Hedging, Run, TaskState, pipeline, task};
use orch_test::Simulation;
use tokio::task::{coop, yield_now};
use tokio::time::{Instant, sleep};

use common::{Census, Oops, Sheep, Trace, What, at_once, every_execution_ends_once, poll_once, polled};

mod common;

/// What the attempts do, in order: after so many milliseconds they give `Ok` or `Err`.
#[derive(Clone, Default)]
struct Service {
    calls: Arc<AtomicU32>,
    started: Arc<Mutex<Vec<u64>>>,
    script: Arc<Vec<(u64, Result<u32, &'static str>)>>,
    since: Option<Instant>,
    census: Census,
}

impl Service {
    fn new(script: &[(u64, Result<u32, &'static str>)]) -> Self {
        Service { script: Arc::new(script.to_vec()), since: Some(Instant::now()), ..Service::default() }
    }

    fn started(&self) -> Vec<u64> {
        std::mem::take(&mut *self.started.lock().unwrap())
    }
}

#[task]
async fn call(service: &Service) -> Result<u32, Oops> {
    let _live = service.census.enter();
    let number = service.calls.fetch_add(1, SeqCst) as usize;
    service.started.lock().unwrap().push(service.since.unwrap().elapsed().as_millis() as u64);
    let (ms, result) = service.script[number];
    if ms > 0 {
        sleep(Duration::from_millis(ms)).await;
    }
    result.map_err(Oops)
}

#[tokio::test(start_paused = true)]
async fn hedge_1_an_answer_in_time_is_the_only_attempt() {
    let service = Service::new(&[(49, Ok(1))]);
    let p = pipeline! { hedge(50ms) < call(&service) > };
    assert_eq!(p.run(()).await.unwrap(), 1);
    assert_eq!(service.started(), [0]);
}

#[tokio::test(start_paused = true)]
async fn hedge_1_another_attempt_starts_whenever_the_delay_has_passed_since_the_latest_start() {
    let service = Service::new(&[(900, Ok(1)), (900, Ok(2)), (900, Ok(3)), (10, Ok(4)), (0, Ok(5))]);
    let p = pipeline! { hedge(50ms, max_attempts = 5) < call(&service) > };
    assert_eq!(p.run(()).await.unwrap(), 4);
    assert_eq!(service.started(), [0, 50, 100, 150]);
}

#[tokio::test(start_paused = true)]
async fn hedge_1_there_are_two_attempts_by_default() {
    let service = Service::new(&[(500, Ok(1)), (500, Ok(2)), (0, Ok(3))]);
    let p = pipeline! { hedge(50ms) < call(&service) > };
    assert_eq!(p.run(()).await.unwrap(), 1);
    assert_eq!(service.started(), [0, 50]);
}

#[tokio::test(start_paused = true)]
async fn hedge_2_at_once_when_one_fails_and_the_delay_counts_from_then() {
    let service = Service::new(&[(20, Err("a")), (900, Ok(2)), (10, Ok(3))]);
    let p = pipeline! { hedge(50ms, max_attempts = 3) < call(&service) > };
    assert_eq!(p.run(()).await.unwrap(), 3);
    assert_eq!(service.started(), [0, 20, 70]);
}

#[tokio::test(start_paused = true)]
async fn hedge_2_a_rejection_starts_the_next_only_if_nothing_else_is_under_way() {
    let breaker = Breaker::new();
    let service = Service::new(&[(120, Ok(1)), (0, Ok(2))]);
    let attempts = AtomicU32::new(0);
    let starts = Mutex::new(Vec::new());
    let since = Instant::now();
    breaker.isolate();
    // The first attempt goes to the service, further ones are turned away.
    let rejected = pipeline! { circuit(breaker = &breaker) < call(&service) > };
    let p = pipeline! {
        hedge(50ms, max_attempts = 9) < async |(), cx| {
            starts.lock().unwrap().push(since.elapsed().as_millis());
            if attempts.fetch_add(1, SeqCst) == 0 { Ok(cx.run(&pipeline! { call(&service) }, ()).await?) } else { cx.run(&rejected, ()).await }
        } >
    };
    assert_eq!(p.run(()).await.unwrap(), 1);
    assert_eq!(*starts.lock().unwrap(), [0, 50, 100]);
    // Alone, it is followed at once.
    let p = pipeline! { hedge(50ms, max_attempts = 3) < circuit(breaker = &breaker) < call(&service) > > };
    let start = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert!(error.kind().is_rejection());
    assert_eq!((error.attempts(), start.elapsed().as_millis()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn hedge_2_a_second_probe_is_turned_away_and_the_first_goes_on() {
    let breaker = Breaker::builder().fail_max(1).reset_timeout(Duration::from_secs(1)).build();
    breaker.force_open();
    sleep(Duration::from_secs(1)).await;
    let service = Service::new(&[(400, Ok(1)), (0, Ok(2))]);
    let p = pipeline! { hedge(50ms, max_attempts = 3) < circuit(breaker = &breaker) < call(&service) > > };
    assert_eq!(p.run(()).await.unwrap(), 1);
    assert_eq!((service.started(), breaker.state()), (vec![0], BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn hedge_3_losers_are_dropped_in_that_poll_and_told_of_before_the_block() {
    let service = Service::new(&[(900, Ok(1)), (10, Ok(2))]);
    let trace = Trace::default();
    let p = pipeline! { hedge(50ms) < call(&service) > };
    assert_eq!((&p).with_bus(&trace).run(()).await.unwrap(), 2);
    assert_eq!(service.census.alive(), 0);
    let events = trace.take();
    every_execution_ends_once(&events);
    let lines: Vec<_> =
        events.iter().map(|seen| format!("{} {} #{}", seen.path, seen.what, seen.attempt)).collect();
    let told = [
        "hedge started #1",
        "hedge/call running #1",
        "hedge told of hedge #1",
        "hedge/call running #2",
        "hedge/call succeeded #2",
        "hedge/call cancelled #1",
        "hedge succeeded #1",
    ];
    assert_eq!(lines, told);
}

#[tokio::test(start_paused = true)]
async fn hedge_3_a_circuit_inside_counts_nothing_for_a_loser_and_one_around_counts_one() {
    let breaker = Breaker::builder().fail_max(1).build();
    let service = Service::new(&[(900, Err("late")), (10, Ok(2))]);
    let p = pipeline! {
        circuit(breaker = &breaker) < hedge(50ms) < circuit(breaker = &breaker) < call(&service) > > >
    };
    assert_eq!(p.run(()).await.unwrap(), 2);
    assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    let service = Service::new(&[(0, Err("a")), (0, Err("b"))]);
    let breaker = Breaker::builder().fail_max(9).build();
    let p = pipeline! { circuit(breaker = &breaker) < hedge(50ms) < call(&service) > > };
    assert!(p.run(()).await.is_err());
    assert_eq!(breaker.failures(), 1);
}

#[tokio::test(start_paused = true)]
async fn hedge_4_all_failed_is_the_last_error_in_time_with_the_count_and_the_others() {
    let service = Service::new(&[(100, Err("a")), (20, Err("b")), (300, Err("c"))]);
    let p = pipeline! { hedge(50ms, max_attempts = 3) < call(&service) > };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `hedge/call` failed after 3 attempts: c");
    let others: Vec<_> = error.others().iter().map(|other| other.downcast_ref::<Oops>().unwrap().0).collect();
    assert_eq!((others, error.attempts()), (vec!["b", "a"], 3));
    assert_eq!(service.started(), [0, 50, 70]);
}

#[tokio::test(start_paused = true)]
async fn hedge_4_the_first_sixteen_others_are_kept_and_the_rest_counted() {
    let p = pipeline! { hedge(50ms, max_attempts = 20) < |()| { Err::<(), _>(Oops("no")) } > };
    let error = p.run(()).await.unwrap_err();
    assert_eq!((error.attempts(), error.others().len(), error.others_left_out()), (20, 16, 3));
}

#[tokio::test(start_paused = true)]
async fn hedge_4_attempts_are_those_of_the_innermost_block() {
    let service = Service::new(&[(0, Err("a")), (0, Err("b")), (0, Err("c")), (0, Err("d"))]);
    let p = pipeline! { retry(max_attempts = 2, backoff = constant(0s)) < hedge(50ms) < call(&service) > > };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 2);
    assert_eq!(service.started().len(), 4, "they multiply");
}

#[tokio::test(start_paused = true)]
async fn hedge_5_the_value_is_cloned_for_all_attempts_but_the_last() {
    let (sheep, clones) = Sheep::new();
    let seen = Mutex::new(Vec::new());
    let p = pipeline! {
        |_: Sheep|
        hedge(50ms, max_attempts = 3) <
            |s| { seen.lock().unwrap().push(s.dolly); Err::<u32, _>(Oops("no")) }
        >
    };
    assert!(p.run(sheep).await.is_err());
    assert_eq!((clones(), seen.into_inner().unwrap()), (2, vec![true, true, false]));
    struct NoClone;
    let p = pipeline! { |_: NoClone| hedge(50ms) < |_| { 4_u32 } > };
    assert_eq!(p.run(NoClone).await.unwrap(), 4, "none if the body does not use it");
}

#[test]
fn hedge_6_a_body_that_never_waits_has_no_timer() {
    let calls = AtomicU32::new(0);
    let p = pipeline! {
        hedge(50ms, max_attempts = 3) <
            |()| { if calls.fetch_add(1, SeqCst) < 2 { Err(Oops("no")) } else { Ok(1) } }
        >
    };
    assert_eq!(at_once(p.run(())).unwrap(), 1, "outside of a runtime, as there is no timer");
}

#[test]
fn hedge_6_a_panic_unwinds_after_the_others_are_dropped() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let trace = Trace::default();
    let p = pipeline! {
        hedge(50ms) <
            async |(), cx| { sleep(Duration::from_millis(10)).await; if cx.attempt() == 2 { panic!("oh") }; sleep(Duration::MAX).await } as "a"
        >
    };
    let run = std::panic::AssertUnwindSafe(|| rt.block_on((&p).with_bus(&trace).run(())).map(drop));
    assert!(std::panic::catch_unwind(run).is_err());
    let events = trace.take();
    every_execution_ends_once(&events);
    let ends: Vec<_> =
        events[events.len() - 3..].iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(ends, ["hedge/a failed", "hedge/a cancelled", "hedge failed"]);
}

#[tokio::test(start_paused = true)]
async fn hedge_7_dropped_at_every_await_all_attempts_are_cancelled() {
    let census = Census::default();
    #[task]
    async fn holds(census: &Census) -> Result<u32, Oops> {
        let _live = census.enter();
        yield_now().await;
        sleep(Duration::from_millis(7)).await;
        yield_now().await;
        sleep(Duration::from_millis(7)).await;
        Err(Oops("no"))
    }
    let p = pipeline! { hedge(3ms, max_attempts = 4) < holds(&census) > };
    let trace = Trace::default();
    for polls in 0.. {
        let given_up = polled((&p).with_bus(&trace).run(()), polls).await;
        assert_eq!(census.alive(), 0);
        let events = trace.take();
        every_execution_ends_once(&events);
        if let Some(finished) = given_up {
            assert_eq!(finished.unwrap_err().attempts(), 4);
            assert!(polls > 12, "{polls}");
            break;
        }
        if polls > 0 {
            assert_eq!(events.last().unwrap().what, What::Cancelled);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn hedge_8_each_attempt_knows_its_number_and_each_start_is_told() {
    let told = Mutex::new(Vec::new());
    let bus = bus::from_fn(|event: &Event<'_>| {
        if let Some(Hedging { attempt, after, .. }) = event.hedging() {
            told.lock().unwrap().push((event.node.path().to_owned(), attempt, after.as_millis()));
        }
    });
    let p = pipeline! {
        hedge(50ms, max_attempts = 4) < async |(), cx| {
            match cx.attempt() {
                1 => { sleep(Duration::from_secs(9)).await; Ok(1) }
                2 => Err(Oops("no")),
                n => { sleep(Duration::from_millis(60)).await; Ok(n) }
            }
        } >
    };
    assert_eq!((&p).with_bus(&bus).run(()).await.unwrap(), 3);
    let path = "hedge".to_owned();
    assert_eq!(*told.lock().unwrap(), [(path.clone(), 2, 50), (path.clone(), 3, 0), (path, 4, 50)]);
    assert_eq!(p.run(()).await.unwrap(), 3, "and so when nobody listens");
}

#[tokio::test(start_paused = true)]
async fn hedge_8_the_last_error_is_what_it_is_around_the_block() {
    let seen = Mutex::new(Vec::new());
    let p = pipeline! {
        retry(max_attempts = 2, backoff = constant(0s)) < hedge(50ms) < |(), cx| {
            let last = cx.last_error().map(|error| error.to_string());
            seen.lock().unwrap().push((cx.attempt(), last.is_some()));
            Err::<(), _>(Oops("no"))
        } > >
    };
    assert!(p.run(()).await.is_err());
    assert_eq!(seen.into_inner().unwrap(), [(1, false), (2, false), (1, true), (2, true)]);
}

#[test]
fn hedge_8_a_delay_of_zero_or_one_attempt_panics_when_it_is_built() {
    fn built(delay: Duration, attempts: u32) -> Result<(), String> {
        std::panic::catch_unwind(|| drop(pipeline! { hedge(delay, max_attempts = attempts) < |()| {} > }))
            .map_err(|payload| payload.downcast_ref::<String>().cloned().unwrap_or_default())
    }
    assert_eq!(built(Duration::from_millis(1), 2), Ok(()));
    assert!(
        built(Duration::ZERO, 2)
            .unwrap_err()
            .starts_with("block `hedge`: `delay` must be longer than zero, at tests/hedge.rs:")
    );
    assert!(
        built(Duration::MAX, 1)
            .unwrap_err()
            .starts_with("block `hedge`: `max_attempts` must be at least 2, at tests/hedge.rs:")
    );
}

#[tokio::test(start_paused = true)]
async fn hedge_9_embedded_boxed_and_on_another_runtime_it_is_the_same() {
    let script = [(900, Ok(1)), (10, Ok(2))];
    let service = Service::new(&script);
    let p = pipeline! { hedge(50ms) < call(&service) > };
    let start = Instant::now();
    assert_eq!(pipeline! { seq < { &p } |n| { n } > }.run(()).await.unwrap(), 2);
    service.calls.store(0, SeqCst);
    let sim = Simulation::new();
    assert_eq!(sim.drive(p.on(&sim).run(())).await.unwrap().unwrap(), 2);
    service.calls.store(0, SeqCst);
    let recorder = Recorder::new();
    let boxed: BoxPipeline<'_, (), u32> = p.with_bus(recorder.clone()).boxed();
    assert_eq!(boxed.run(()).await.unwrap(), 2);
    assert_eq!(start.elapsed().as_millis(), 180);
    recorder.assert_balanced();
    assert_eq!(recorder.states("hedge"), [TaskState::Running, TaskState::Succeeded]);
}

#[tokio::test(start_paused = true)]
async fn hedge_9_around_and_inside_settle_retry_and_timeout() {
    let service = Service::new(&[(900, Ok(1)), (900, Ok(2)), (900, Ok(3))]);
    let p = pipeline! { settle < timeout(70ms) < hedge(50ms) < call(&service) > > > };
    assert!(p.run(()).await.unwrap().is_err());
    assert_eq!((service.started(), service.census.alive()), (vec![0, 50], 0));
    let service = Service::new(&[(100, Err("a")), (10, Err("b")), (10, Ok(3)), (10, Ok(4))]);
    let p = pipeline! { hedge(105ms) < retry(max_attempts = 2, backoff = constant(0s)) < call(&service) > > };
    assert_eq!(p.run(()).await.unwrap(), 3, "the whole retry is hedged");
    assert_eq!(service.started(), [0, 100, 105]);
}

#[test]
fn hedge_9_in_a_graph_it_is_a_block_with_its_body_once() {
    let service = Service::default();
    let p = pipeline! { hedge(50ms, max_attempts = 3, name = "quick") < seq < call(&service) |n| { n } > > };
    assert!(p.graph().find("quick/seq/call").is_some() || p.graph().find("hedge/seq/call").is_some());
    assert_eq!(p.graph().nodes().len(), 4);
    assert_eq!(p.graph().to_string().lines().next(), Some("hedge quick(50ms, max_attempts = 3)"));
}

/// Attempts before the one that is asked for use up the scheduler's budget in each of their turns, and never end. That one needs
/// a few turns with a budget.
#[task]
async fn greedy_before(cx: &async_orch::Context<'_>, last: u32) -> u32 {
    if cx.attempt() < last {
        greedy().await;
    }
    for _ in 0..9 {
        coop::consume_budget().await;
        yield_now().await;
    }
    cx.attempt()
}

#[task]
async fn greedy() -> u32 {
    loop {
        coop::consume_budget().await;
    }
}

/// The clock of a runtime that is never idle stands still when paused: it is moved from outside. A test that comes to no end
/// fails after so many turns.
async fn with_a_clock<T>(run: impl Future<Output = T>) -> T {
    let clock = async {
        for _ in 0..2_000 {
            yield_now().await;
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        out = run => out,
        () = clock => panic!("an attempt starves"),
    }
}

#[tokio::test(start_paused = true)]
async fn hedge_10_an_attempt_that_uses_up_the_budget_each_time_starves_no_other() {
    for attempts in 2..6 {
        let p = pipeline! { hedge(1ms, max_attempts = attempts) < greedy_before(attempts) > };
        assert_eq!(with_a_clock(p.run(())).await.unwrap(), attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn hedge_10_nor_does_it_in_other_blocks() {
    let p = pipeline! { race < greedy hedge(1ms, max_attempts = 3) < greedy_before(3) > greedy > };
    assert_eq!(with_a_clock(p.run(())).await.unwrap(), 3);
    let p = pipeline! {
        race < hedge(1ms) < greedy > timeout(1h) < seq < greedy_before(1) greedy_before(1) > > >
    };
    assert_eq!(with_a_clock(p.run(())).await.unwrap(), 1);
    let p = pipeline! { hedge(1ms) < race < greedy greedy_before(2) > > };
    assert_eq!(with_a_clock(p.run(())).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn hedge_10_a_poll_that_begins_without_budget_is_nobodys_turn() {
    // What is before it leaves no budget in every other poll.
    let p = pipeline! { hedge(1ms) < greedy_before(2) > };
    let mut run = pin!(p.run(()));
    let mut polls = 0;
    let every_other = poll_fn(|cx| {
        polls += 1;
        while polls % 2 == 0 && pin!(coop::consume_budget()).poll(cx).is_ready() {}
        run.as_mut().poll(cx)
    });
    assert_eq!(with_a_clock(every_other).await.unwrap(), 2);
}

#[test]
fn hedge_10_attempts_that_fail_at_once_give_way_to_others() {
    let starts = AtomicU32::new(0);
    let p = pipeline! {
        hedge(1s, max_attempts = 20_000) < |_| {
            starts.fetch_add(1, SeqCst);
            Err::<(), _>(Oops("down"))
        } >
    };
    let mut run = pin!(p.run(()));
    let (mut polls, mut most) = (0, 0);
    while poll_once(run.as_mut()).is_pending() {
        polls += 1;
        most = most.max(starts.swap(0, SeqCst));
    }
    assert!(polls > 10 && most < 2_000, "{most} attempts in one of {polls} polls");
}

#[tokio::test(start_paused = true)]
async fn hedge_10_an_answer_that_is_there_when_the_delay_is_over_is_taken() {
    // What is before it leaves no budget in the poll in which both are due.
    let starts = AtomicU32::new(0);
    let p = pipeline! {
        par <
            async |()| { sleep(Duration::from_millis(50)).await; for _ in 0..200 { coop::consume_budget().await } }
            hedge(50ms) < async |()| { starts.fetch_add(1, SeqCst); sleep(Duration::from_millis(50)).await } >
        >
    };
    p.run(()).await.unwrap();
    assert_eq!(starts.load(SeqCst), 1);
}
