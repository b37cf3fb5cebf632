//! The block `repeat`.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{
    Attempt, BoxError, BoxFuture, Change, Done, Error, ErrorKind, Local, Run, Runtime, pipeline, task,
};
use tokio::time::{Instant, sleep};

use common::{Census, Oops, at_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

/// A page of a listing, and where the next one is.
struct Page {
    rows: Vec<u32>,
    next: Option<u32>,
}

#[task]
async fn page(number: u32) -> Page {
    Page { rows: vec![number * 10, number * 10 + 1], next: (number < 3).then_some(number + 1) }
}

#[task]
async fn count_down(n: u32) -> ControlFlow<&'static str, u32> {
    if n == 0 { Break("done") } else { Continue(n - 1) }
}

/// What is piped into a round, without `Clone`.
struct Token(u32);

#[test]
fn repeat_1_the_body_runs_with_what_the_round_before_gave() {
    let p = pipeline! {
        |_: (u32, Vec<u32>)|
        repeat <
            let (number, seen) = _
            let Page { rows, next } = page(*number)
            |_| {
                let seen: Vec<u32> = seen.iter().chain(rows).copied().collect();
                match next {
                    Some(next) => Continue((*next, seen)),
                    None => Break(seen),
                }
            }
        >
    };
    assert_eq!(at_once(p.run((1, Vec::new()))).unwrap(), [10, 11, 20, 21, 30, 31]);
    let task = pipeline! { |_: u32| repeat < count_down > };
    assert_eq!(at_once(task.run(5)).unwrap(), "done");
}

/// The value is moved from round to round.
#[test]
fn repeat_1_nothing_is_cloned() {
    let p = pipeline! {
        |_: Token|
        repeat < |token| {
            match token.0 {
                0 => Break(token),
                n => Continue(Token(n - 1)),
            }
        } >
    };
    assert_eq!(at_once(p.run(Token(3))).unwrap().0, 0);
}

/// A `Result` of it is a body that can fail.
#[test]
fn repeat_2_an_error_of_the_body_ends_it() {
    let rounds = Census::default();
    let p = pipeline! {
        |_: u32|
        repeat(max_rounds = 9) < |n| {
            rounds.enter();
            if n == 2 { Err(Oops("three")) } else { Ok(Continue::<Infallible, _>(n + 1)) }
        } as "work" >
    };
    let error = at_once(p.run(0)).unwrap_err();
    assert_eq!(error.to_string(), "step `repeat/work` failed: three");
    assert!(error.is::<Oops>());
    assert_eq!(rounds.made(), 3);
}

#[test]
fn repeat_3_more_rounds_than_allowed_are_an_error() {
    let rounds = Census::default();
    let p = pipeline! {
        |_: u32|
        repeat(max_rounds = 3, name = "poll") <
            |n| { rounds.enter(); if n > 9 { Break(n) } else { Continue(n + 1) } }
        >
    };
    let error = at_once(p.run(0)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exhausted { rounds: 3 }), "{:?}", error.kind());
    assert_eq!(error.to_string(), "block `poll` came to no end in 3 rounds");
    assert_eq!((error.path().as_str(), rounds.made()), ("poll", 3));
    assert!(!error.kind().is_rejection() && !error.is_retryable());
    // The last of them may end it.
    assert_eq!(at_once(p.run(8)).unwrap(), 10);
    let once = pipeline! { |_: u32| repeat(max_rounds = 1) < count_down > };
    assert_eq!(at_once(once.run(1)).unwrap_err().to_string(), "block `repeat` came to no end in 1 round");
}

#[test]
fn repeat_3_it_is_not_retried() {
    let rounds = Census::default();
    let p = pipeline! {
        |_: u32|
        retry(max_attempts = 4) <
            repeat(max_rounds = 2) < |n| { rounds.enter(); if n > 9 { Break(n) } else { Continue(n) } } >
        >
    };
    let error = at_once(p.run(0)).unwrap_err();
    assert_eq!(error.to_string(), "block `retry/repeat` came to no end in 2 rounds");
    assert_eq!(rounds.made(), 2);
}

#[test]
fn repeat_3_it_counts_as_a_failure_of_a_circuit() {
    let p = pipeline! { |_: u32| circuit(fail_max = 1) < repeat(max_rounds = 1) < count_down > > };
    assert!(matches!(at_once(p.run(5)).unwrap_err().kind(), ErrorKind::Exhausted { .. }));
    assert!(matches!(at_once(p.run(0)).unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
}

#[test]
#[should_panic(expected = "`max_rounds` must be at least 1, at tests/repeat.rs:")]
fn repeat_3_no_rounds_at_all_are_a_mistake() {
    let none = u32::from(at_once(async { false }));
    let _ = pipeline! { |_: u32| repeat(max_rounds = none) < count_down > };
}

#[tokio::test(start_paused = true)]
async fn repeat_4_it_waits_between_rounds() {
    let start = Instant::now();
    let p = pipeline! {
        |_: u32|
        repeat(backoff = exponential(1s), max_delay = 3s) < async |n| {
            sleep(Duration::from_millis(1)).await;
            if n == 4 { Break(n) } else { Continue(n + 1) }
        } >
    };
    assert_eq!(p.run(0).await.unwrap(), 4);
    // Not after the last.
    assert_eq!(start.elapsed(), (1 + 2 + 3 + 3) * SECOND + Duration::from_millis(5));
}

#[tokio::test(start_paused = true)]
async fn repeat_4_delays_that_end_end_the_rounds() {
    let delays = backon::ConstantBuilder::default().with_delay(SECOND).with_max_times(2);
    let start = Instant::now();
    let p = pipeline! { |_: u32| repeat(backoff = delays) < count_down > };
    assert!(matches!(p.run(9).await.unwrap_err().kind(), ErrorKind::Exhausted { rounds: 3 }));
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn repeat_4_delays_are_spread_if_it_says_so() {
    let start = Instant::now();
    let p = pipeline! { |_: u32| repeat(backoff = constant(1h), jitter = equal) < count_down > };
    p.run(4).await.unwrap();
    let hours = start.elapsed().as_secs_f64() / 3600.0;
    assert!((2.0..4.0).contains(&hours), "{hours}");
}

/// A round of a `repeat` in each item, and an attempt in each round.
#[test]
fn repeat_5_rounds_are_part_of_the_position() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: Vec<u32>|
        each < repeat < retry(backoff = constant(0s)) < |n, cx| {
            let at = (cx.item(), cx.round(), cx.attempt());
            match (n, at.2) {
                (_, 1) => Err("once"),
                (0, _) => Ok(Break((at, cx.position().map(|position| position.to_string())))),
                _ => Ok(Continue(n - 1)),
            }
        } as "work" > > >
    };
    let out = at_once((&p).with_bus(&recorder).run(vec![0, 2])).unwrap();
    assert_eq!(out[0], ((Some(0), 1, 2), Some("each/repeat/retry/work[0]{1}#2".to_owned())));
    assert_eq!(out[1], ((Some(1), 3, 2), Some("each/repeat/retry/work[1]{3}#2".to_owned())));
    // It is told the same unobserved.
    assert_eq!(at_once(p.run(vec![0, 2])).unwrap(), out);
    let rounds: Vec<_> = recorder
        .of("each/repeat/retry/work")
        .iter()
        .filter(|event| event.execution.item == Some(1) && event.execution.attempt == 2)
        .map(|event| event.execution.round())
        .collect();
    assert_eq!(rounds, [1, 1, 2, 2, 3, 3]);
    recorder.assert_balanced();
}

#[test]
fn repeat_5_rounds_in_rounds() {
    let p = pipeline! {
        |_: u32|
        repeat <
            repeat < |n, cx| {
                let rounds: Vec<u32> = cx.position().into_iter().flat_map(|position| position.rounds()).collect();
                match n % 3 {
                    0 => Break((n + 1, rounds)),
                    _ => Continue(n + 1),
                }
            } >
            |(n, rounds)| { if n > 7 { Break(rounds) } else { Continue(n) } }
        >
    };
    assert_eq!(at_once(p.run(1)).unwrap(), [3, 3]);
}

/// Also a step that is run by hand asks.
#[test]
fn repeat_5_it_is_round_1_without_one() {
    let p = pipeline! { |_: u32| |n, cx| { n + cx.round() } };
    assert_eq!(at_once(p.run(1)).unwrap(), 2);
}

#[test]
fn repeat_6_rounds_are_told() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| repeat(name = "poll") < count_down > };
    at_once(p.with_bus(&recorder).run(1)).unwrap();
    let lines: Vec<String> = recorder
        .events()
        .iter()
        .map(|event| match event.next_round() {
            Some(next) => format!("{} {next}", event.node.path()),
            None => format!("{} {:?} {}", event.node.path(), event.state().unwrap(), event.execution.round()),
        })
        .collect();
    let told = [
        "poll Running 1",
        "poll/count_down Running 1",
        "poll/count_down Succeeded 1",
        "poll goes on with round 2",
        "poll/count_down Running 2",
        "poll/count_down Succeeded 2",
        "poll Succeeded 1",
    ];
    assert_eq!(lines, told);
}

#[tokio::test(start_paused = true)]
async fn repeat_6_the_wait_is_told() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| repeat(backoff = constant(2s)) < count_down > };
    p.with_bus(&recorder).run(2).await.unwrap();
    let told: Vec<_> = recorder.events().iter().filter_map(|event| event.next_round()).collect();
    assert_eq!(
        told.iter().map(|next| (next.round, next.delay)).collect::<Vec<_>>(),
        [(2, 2 * SECOND), (3, 2 * SECOND)]
    );
    assert_eq!(told[0].to_string(), "goes on with round 2 in 2s");
}

/// Rounds that are ready at once let other tasks run.
#[tokio::test(flavor = "current_thread")]
async fn repeat_7_rounds_without_a_wait_starve_nobody() {
    let stop = Arc::new(AtomicU32::new(0));
    let seen = stop.clone();
    let p = pipeline! {
        |_: u32|
        repeat < |n| { if seen.load(SeqCst) > 0 { Break(n) } else { Continue(n + 1) } } >
    };
    let other = async {
        tokio::task::yield_now().await;
        stop.store(1, SeqCst);
    };
    let (rounds, ()) = tokio::join!(async { tokio::time::timeout(SECOND, p.run(0)).await }, other);
    let rounds = rounds.expect("it lets others run").unwrap();
    assert!((1..10_000).contains(&rounds), "{rounds}");
}

/// Nor under an executor without a budget.
#[test]
fn repeat_7_one_poll_is_bounded() {
    let p = pipeline! {
        |_: u32|
        repeat(max_rounds = 1_000_000) < |n| { if n > 2_000_000 { Break(n) } else { Continue(n + 1) } } >
    };
    let (result, polls) = polled_out(p.run(0));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Exhausted { rounds: 1_000_000 }));
    assert!(polls > 100, "{polls}");
}

/// What a future that wakes itself gives, and after how many polls.
fn polled_out<F: Future>(fut: F) -> (F::Output, u32) {
    let mut fut = pin!(fut);
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(out) = fut.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return (out, polls);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn repeat_8_a_drop_stops_it_in_a_round_and_between_two() {
    let census = Census::default();
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: u32|
        timeout(10s) < repeat(backoff = constant(1h)) < async |n| {
            let _live = census.enter();
            if n == 1 { pending::<()>().await }
            if n > 5 { Break(()) } else { Continue(n + 1) }
        } as "work" > >
    };
    for (input, ends) in [(0, 1), (1, 2)] {
        recorder.clear();
        let error = (&p).with_bus(&recorder).run(input).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TimedOut));
        assert_eq!((census.alive(), census.made()), (0, ends));
        let cancelled: Vec<String> = recorder
            .events()
            .iter()
            .filter(|event| event.state() == Some(async_orch::TaskState::Cancelled))
            .map(|event| event.node.path().to_owned())
            .collect();
        let wanted: &[&str] =
            if input == 0 { &["timeout/repeat"] } else { &["timeout/repeat/work", "timeout/repeat"] };
        assert_eq!(cancelled, wanted);
        recorder.assert_balanced();
    }
}

#[test]
fn repeat_8_a_panic_goes_through_it() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: u32|
        catch <
            repeat <
                |n| { assert!(n < 2, "oh {n}"); if n > 5 { Break(n) } else { Continue(n + 1) } } as "work"
            >
        >
    };
    let error = at_once(p.with_bus(&recorder).run(0)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "oh 2"));
    let failed: Vec<_> = recorder
        .events()
        .iter()
        .filter(|event| matches!(&event.change, Change::Task(_) | Change::Block(_)))
        .filter(|event| event.state() == Some(async_orch::TaskState::Failed))
        .map(|event| event.node.path().to_owned())
        .collect();
    assert_eq!(failed, ["catch/repeat/work", "catch/repeat", "catch"]);
    recorder.assert_balanced();
}

/// Of a `retry` around it each attempt begins with round 1 and the first input.
#[test]
fn repeat_9_a_retry_around_begins_anew() {
    let seen = std::sync::Mutex::new(Vec::new());
    let p = pipeline! {
        |_: u32|
        retry(max_attempts = 2, backoff = constant(0s)) < repeat < |n, cx| {
            seen.lock().unwrap().push((n, cx.attempt(), cx.round()));
            if n == 1 && cx.attempt() == 1 {
                Err("once")
            } else if n == 2 {
                Ok(Break(n))
            } else {
                Ok(Continue(n + 1))
            }
        } > >
    };
    assert_eq!(at_once(p.run(0)).unwrap(), 2);
    assert_eq!(*seen.lock().unwrap(), [(0, 1, 1), (1, 1, 2), (0, 2, 1), (1, 2, 2), (2, 2, 3)]);
}

/// An `each` with a limit holds a place for all the rounds of an item.
#[tokio::test(start_paused = true)]
async fn repeat_9_an_item_has_its_place_for_all_rounds() {
    let census = Census::default();
    let p = pipeline! {
        |_: Vec<u32>|
        each(limit = 1) < repeat(backoff = constant(1s)) < |n| {
            let _ = census.enter();
            if n % 10 == 0 { Break(n) } else { Continue(n - 1) }
        } > >
    };
    let start = Instant::now();
    assert_eq!(p.run(vec![12, 21]).await.unwrap(), [10, 20]);
    assert_eq!((start.elapsed(), census.made()), (3 * SECOND, 5));
}

#[test]
fn embedded_boxed_and_generic() {
    fn doubled(
        p: impl Run<In = u32, Out = &'static str, Error = BoxError>,
    ) -> impl Run<In = u32, Out = usize, Error = BoxError> {
        pipeline! { move |_: u32| seq < { p } |text| { text.len() } > }
    }
    let inner = pipeline! { |_: u32| repeat(max_rounds = 4) < count_down > };
    let p = doubled(inner).boxed();
    assert_eq!(at_once(p.run(3)).unwrap(), 4);
    let error = at_once(p.run(4)).unwrap_err();
    assert_eq!(error.to_string(), "block `seq/repeat` came to no end in 4 rounds");
    let around = pipeline! {
        |_: u32| repeat(max_rounds = 2) < seq < { &p } |n| { if n > 9 { Break(n) } else { Continue(0) } } > >
    };
    assert!(matches!(at_once(around.run(1)).unwrap_err().kind(), ErrorKind::Exhausted { rounds: 2 }));
}

#[test]
fn an_error_type_of_its_own() {
    let p = pipeline! {
        error = Oops;
        |_: u32|
        repeat(max_rounds = 2) <
            |n| { if n == 7 { Err(Oops("seven")) } else if n > 7 { Ok(Break(n)) } else { Ok(Continue(n + 1)) } }
        >
    };
    let error: Error<Oops> = at_once(p.run(6)).unwrap_err();
    assert_eq!(error.task().unwrap().0, "seven");
}

/// On another runtime, whose positions have the rounds.
#[tokio::test(start_paused = true)]
async fn another_runtime_sees_the_rounds() {
    #[derive(Default)]
    struct Seen(std::sync::Mutex<Vec<String>>);
    impl Runtime for Seen {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            self.0.lock().unwrap().push(attempt.position().to_string());
            Box::pin(attempt.run())
        }
        fn now(&self) -> std::time::Instant {
            Local.now()
        }
        fn random(&self) -> u64 {
            Local.random()
        }
        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            self.0.lock().unwrap().push(format!("{duration:?}"));
            Local.sleep(duration / 10)
        }
    }
    let runtime = Seen::default();
    let start = Instant::now();
    let p = pipeline! { |_: u32| repeat(backoff = constant(10s)) < count_down > };
    p.on(&runtime).run(2).await.unwrap();
    let seen = ["repeat/count_down{1}", "10s", "repeat/count_down{2}", "10s", "repeat/count_down{3}"];
    assert_eq!(*runtime.0.lock().unwrap(), seen);
    assert_eq!(start.elapsed(), 2 * SECOND);
}

async fn sleep_once() {
    let mut slept = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut slept, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

/// A round that is pending goes on where it was.
#[test]
fn a_round_may_wait() {
    let p = pipeline! {
        |_: u32|
        repeat < async |n| { sleep_once().await; if n == 3 { Break(n) } else { Continue(n + 1) } } >
    };
    let (out, polls) = polled_out(p.run(0));
    assert_eq!((out.unwrap(), polls), (3, 5));
}
