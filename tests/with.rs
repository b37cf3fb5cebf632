//! The block `with`: a body under a policy of the user's own.

use std::collections::HashMap;
use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_orch::{
    Attempt, BoxFuture, Done, Error, ErrorKind, Failure, Next, Once, Policy, Runtime, pipeline, task,
};
use tokio::time::{Instant, timeout};

use common::{Oops, Sheep, Trace, at_once, every_execution_ends_once};

mod common;

const MS: Duration = Duration::from_millis(1);

/// Runs the body until it succeeds, so often at most, with a wait between.
struct Attempts(u32, Duration);

impl<T: Send, E: Failure> Policy<T, E> for Attempts {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        while next.attempts() + 1 < self.0 {
            match next.call().await {
                Err(error) if error.is_retryable() => next.sleep(self.1).await,
                result => return result,
            }
        }
        next.call_once().await
    }
}

/// Counts the runs of its bodies, and how they end.
#[derive(Default)]
struct Audit {
    started: AtomicU32,
    failed: AtomicU32,
}

impl<T: Send, E: Failure> Policy<T, E, Once> for Audit {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        self.started.fetch_add(1, SeqCst);
        next.call_once().await.inspect_err(|_| {
            self.failed.fetch_add(1, SeqCst);
        })
    }
}

/// Turns every run away, after so many calls.
struct Rejects(u32);

impl<T: Send, E: Failure> Policy<T, E> for Rejects {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        for _ in 0..self.0 {
            let _ = next.call().await;
        }
        Err(next.error(ErrorKind::Rejected))
    }
}

/// Drops a run of the body that takes longer, and calls again.
struct Impatient(Duration);

impl<T: Send, E: Failure> Policy<T, E> for Impatient {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        match timeout(self.0, next.call()).await {
            Ok(result) => result,
            Err(_) => next.call().await,
        }
    }
}

/// Gives the body so much time, on the clock of the run.
struct Within(Duration);

impl<T: Send, E: Failure> Policy<T, E, Once> for Within {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        let (block, mut sleep) = (next.origin(), next.sleep(self.0));
        let mut body = pin!(next.call_once());
        poll_fn(|cx| match (body.as_mut().poll(cx), sleep.as_mut().poll(cx)) {
            (Poll::Ready(result), _) => Poll::Ready(result),
            (_, Poll::Ready(())) => Poll::Ready(Err(block.error(ErrorKind::TimedOut))),
            _ => Poll::Pending,
        })
        .await
    }
}

/// Calls, but never polls.
struct Forgets;

impl<T: Send, E: Failure> Policy<T, E> for Forgets {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        drop(next.call());
        assert_eq!(next.attempts(), 0);
        next.call().await
    }
}

struct Panics;

impl<T: Send, E: Failure> Policy<T, E> for Panics {
    async fn apply(&self, _next: Next<'_, T, E>) -> Result<T, Error<E>> {
        panic!("the policy")
    }
}

/// Is over when the body waits, and holds the body still.
struct Holds;

impl<T: Send, E: Failure> Policy<T, E> for Holds {
    fn apply(&self, mut next: Next<'_, T, E>) -> impl Future<Output = Result<T, Error<E>>> + Send {
        let mut rejection = Some(next.error(ErrorKind::Rejected));
        let mut run = Box::pin(async move { next.call().await });
        poll_fn(move |cx| match run.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => Poll::Ready(Err(rejection.take().expect("it is asked once"))),
        })
    }
}

/// Leaves a run of the body neither polled to its end nor dropped, and calls again.
struct Leaks;

impl<T: Send, E: Failure> Policy<T, E> for Leaks {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        {
            let mut run = Box::pin(next.call());
            let _ = common::poll_once(run.as_mut());
            std::mem::forget(run);
        }
        next.call().await
    }
}

/// Remembers what bodies gave, by a key.
#[derive(Default)]
struct Cache<T>(Mutex<HashMap<u32, T>>);

/// The cache at one key.
struct CacheAt<T>(Arc<Cache<T>>, u32);

impl<T: Clone + Send, E: Failure> Policy<T, E, Once> for CacheAt<T> {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        let CacheAt(cache, key) = self;
        let known = cache.0.lock().unwrap().get(key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let value = next.call_once().await?;
        cache.0.lock().unwrap().insert(*key, value.clone());
        Ok(value)
    }
}

#[tokio::test(start_paused = true)]
async fn with_1_the_policy_says_how_often_the_body_runs_and_what_comes_of_it() {
    let calls = AtomicU32::new(0);
    let p = pipeline! {
        error = Oops;
        with(Attempts(4, 5 * MS)) <
            |()| { match calls.fetch_add(1, SeqCst) { 0..2 => Err(Oops("no")), n => Ok(n) } }
        >
    };
    let start = Instant::now();
    assert_eq!(p.run(()).await.unwrap(), 2);
    assert_eq!(start.elapsed(), 10 * MS);
}

#[tokio::test]
async fn with_1_a_policy_stands_by_value_by_reference_and_in_an_arc() {
    let (one, shared) = (Attempts(1, MS), Arc::new(Audit::default()));
    let p = pipeline! {
        |_: u32|
        with(Attempts(1, MS)) < with(&one) < with(shared.clone()) < with(&shared) < |n| { n + 1 } > > > >
    };
    assert_eq!(p.run(1).await.unwrap(), 2);
    assert_eq!((Arc::strong_count(&shared), shared.started.load(SeqCst)), (2, 2));
}

/// What a policy holds is there in the next run, and in another pipeline.
#[tokio::test]
async fn with_1_a_policy_keeps_what_it_holds_from_run_to_run() {
    let audit = Audit::default();
    let parse = pipeline! { |_: &'static str| with(&audit) < |text| { text.parse::<u16>() } > };
    let double = pipeline! { |_: u64| with(&audit) < async |n| { n * 2 } > };
    assert_eq!((parse.run("7").await.unwrap(), double.run(4).await.unwrap()), (7, 8));
    assert!(parse.run("seven").await.is_err());
    assert_eq!((audit.started.into_inner(), audit.failed.into_inner()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn with_1_names_may_stand_in_the_head() {
    let calls = AtomicU32::new(0);
    let p = pipeline! {
        error = Oops;
        seq <
            let n = |_| { 3_u32 }
            with(Attempts(*n, MS)) < |_| { calls.fetch_add(1, SeqCst); Err::<(), _>(Oops("no")) } >
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 3);
    assert_eq!(calls.into_inner(), 3);
}

#[tokio::test]
async fn with_1_a_policy_may_be_for_one_type_and_run_the_body_never() {
    let (cache, calls) = (Arc::<Cache<String>>::default(), AtomicU32::new(0));
    let page = pipeline! {
        |id: u32|
        with(CacheAt(cache.clone(), *id)) < |_| { calls.fetch_add(1, SeqCst); format!("page {id}") } >
    };
    assert_eq!((page.run(7).await.unwrap(), page.run(7).await.unwrap()), ("page 7".into(), "page 7".into()));
    assert_eq!((page.run(8).await.unwrap(), calls.load(SeqCst)), ("page 8".into(), 2));
}

#[task]
fn number(n: u32) -> Result<u32, Oops> {
    if n == 0 { Err(Oops("zero")) } else { Ok(n) }
}

/// Steps of every kind, with a value of their own each, inside of other blocks and around them.
#[tokio::test(start_paused = true)]
async fn with_1_every_step_may_stand_inside_and_the_block_anywhere() {
    let audit = Audit::default();
    let inner = pipeline! { error = Oops; |_: u32| with(&audit) < number > };
    let p = pipeline! {
        error = Oops;
        |_: Vec<u32>|
        with(Attempts(2, MS)) <
            each <
                par <
                    with(&audit) < number >
                    { &inner }
                    with(&audit) < seq < let n = number with(Within(MS)) < |_| { *n } > > >
                >
                |(a, b, c)| { a + b + c }
            >
            with(&audit) < |all| { all.len() } >
        >
    };
    assert_eq!(p.run(vec![1, 2]).await.unwrap(), 2);
    assert_eq!(audit.started.load(SeqCst), 7);
    let boxed = p.boxed();
    assert_eq!(boxed.run(vec![3]).await.unwrap(), 1);
}

#[tokio::test]
async fn with_2_each_run_of_the_body_is_an_attempt() {
    let seen = Mutex::new(Vec::new());
    let p = pipeline! {
        error = Oops;
        with(Attempts(3, Duration::ZERO)) <
            |(), cx| { seen.lock().unwrap().push(cx.attempt()); Err::<(), _>(Oops("no")) }
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!((error.attempts(), error.task(), error.path()), (3, Some(&Oops("no")), "with/inline".into()));
    drop(p);
    assert_eq!(seen.into_inner().unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn with_2_the_attempts_are_in_the_events() {
    let p = pipeline! {
        error = Oops;
        |_: u32| seq < with(Attempts(2, Duration::ZERO), name = "twice") < number > >
    };
    let p = p.with_bus(Trace::default());
    p.run(0).await.unwrap_err();
    let events = p.bus().take();
    every_execution_ends_once(&events);
    let of_task = events.iter().filter(|seen| seen.path == "seq/twice/number");
    let attempts: Vec<_> = of_task.map(|seen| (seen.attempt, seen.what.begins())).collect();
    assert_eq!(attempts, [(1, true), (1, false), (2, true), (2, false)]);
}

#[tokio::test]
async fn with_2_a_run_that_is_never_polled_is_no_attempt() {
    let calls = AtomicU32::new(0);
    let p = pipeline! { with(Forgets) < |()| { calls.fetch_add(1, SeqCst) } > };
    assert_eq!(p.run(()).await.unwrap(), 0);
}

#[tokio::test]
async fn with_2_a_block_inside_counts_its_own() {
    let p = pipeline! {
        error = Oops;
        |_: u32| with(Attempts(2, Duration::ZERO)) < retry(max_attempts = 3) < number > >
    };
    assert_eq!(p.run(0).await.unwrap_err().attempts(), 3);
}

/// What a `retry` around it counts goes through.
#[tokio::test]
async fn with_2_a_policy_that_runs_it_once_counts_nothing() {
    let (audit, seen) = (Audit::default(), Mutex::new(Vec::new()));
    let p = pipeline! {
        error = Oops;
        retry(max_attempts = 3, backoff = constant(0s)) <
            with(&audit) <
                |(), cx| { seen.lock().unwrap().push((cx.attempt(), cx.last_error().is_some())); Err::<(), _>(Oops("no")) }
            >
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 3);
    assert_eq!(*seen.lock().unwrap(), [(1, false), (2, true), (3, true)]);
}

#[tokio::test]
async fn with_3_each_run_but_the_last_gets_a_clone() {
    let (sheep, clones) = Sheep::new();
    let p = pipeline! {
        error = Oops;
        |_: Sheep|
        with(Attempts(3, Duration::ZERO)) <
            |sheep| { if sheep.dolly { Err(Oops("no")) } else { Ok(sheep) } }
        >
    };
    // The two clones are refused, and the last run has the sheep itself.
    assert!(!p.run(sheep).await.unwrap().dolly);
    assert_eq!(clones(), 2);
}

#[tokio::test]
async fn with_3_a_policy_that_runs_it_once_clones_nothing() {
    struct NoClone(u32);
    let audit = Audit::default();
    let p = pipeline! { |_: NoClone| with(&audit) < |n| { n.0 } > };
    assert_eq!(p.run(NoClone(7)).await.unwrap(), 7);
}

#[tokio::test]
async fn with_3_a_body_that_does_not_use_it_asks_for_no_clone() {
    struct NoClone;
    let p = pipeline! { |_: NoClone| with(Attempts(2, MS)) < |_| { 7 } > };
    assert_eq!(p.run(NoClone).await.unwrap(), 7);
}

#[tokio::test]
async fn with_4_an_error_of_the_policy_is_one_of_the_block() {
    let calls = AtomicU32::new(0);
    let p = pipeline! { seq < with(Rejects(0), name = "gate") < |()| { calls.fetch_add(1, SeqCst) } > > };
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Rejected));
    assert_eq!((error.path(), error.attempts(), calls.load(SeqCst)), ("seq/gate".to_owned(), 1, 0));
    let p = pipeline! { with(Rejects(2)) < |()| {} > };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 2);
}

/// The error of a task is an error of the block too, if the policy makes one.
#[tokio::test]
async fn with_4_the_error_may_be_of_any_kind() {
    struct Says;
    impl<T: Send> Policy<T, Oops> for Says {
        async fn apply(&self, next: Next<'_, T, Oops>) -> Result<T, Error<Oops>> {
            assert_eq!((next.origin().name(), next.origin().place().line > 0), ("says", true));
            Err(next.error(ErrorKind::Task(Oops("not today"))))
        }
    }
    let p = pipeline! { error = Oops; retry(max_attempts = 2) < with(Says, name = "says") < |()| { 1 } > > };
    let error = p.run(()).await.unwrap_err();
    assert_eq!((error.task(), error.path()), (Some(&Oops("not today")), "retry/says".into()));
    assert_eq!(error.attempts(), 2);
}

/// An error that is none of the pipeline's own goes out with its type, from where the block stands.
#[tokio::test]
async fn with_4_the_error_may_be_of_a_type_of_the_policys_own() {
    #[derive(Debug)]
    struct OverQuota(std::io::Error);
    impl std::fmt::Display for OverQuota {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("over quota")
        }
    }
    impl std::error::Error for OverQuota {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    /// Says so before the body, or after it.
    struct Quota(bool);
    impl<T: Send, E: Failure> Policy<T, E> for Quota {
        async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
            if self.0 {
                next.call().await?;
            }
            Err(next.error(ErrorKind::policy(OverQuota(std::io::ErrorKind::QuotaExceeded.into()))))
        }
    }
    let calls = AtomicU32::new(0);
    let p = pipeline! {
        error = Oops;
        |late: bool| retry(max_attempts = 3) < with(Quota(*late)) < |_| { calls.fetch_add(1, SeqCst); } > >
    };
    let error = p.run(false).await.unwrap_err();
    assert!(error.kind().is_rejection() && error.is::<OverQuota>() && error.task().is_none());
    assert_eq!(error.to_string(), "block `retry/with` did not run: over quota");
    assert_eq!((error.attempts(), calls.load(SeqCst)), (1, 0), "nobody tries a rejection again");
    let error = p.run(true).await.unwrap_err();
    assert_eq!(error.to_string(), "block `retry/with` failed: over quota");
    assert!(error.is_retryable() && !error.kind().is_rejection());
    assert_eq!(calls.load(SeqCst), 3);
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
    assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::QuotaExceeded));
}

#[tokio::test(start_paused = true)]
async fn with_5_a_run_that_is_dropped_is_cancelled_and_the_next_may_follow() {
    let p = pipeline! {
        with(Impatient(5 * MS)) <
            async |(), cx| { if cx.attempt() == 1 { pending::<()>().await } } as "work"
        >
    };
    let p = p.with_bus(Trace::default());
    p.run(()).await.unwrap();
    let events = p.bus().take();
    every_execution_ends_once(&events);
    let lines: Vec<_> = events.iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    let cancelled = lines.iter().position(|line| line == "with/work cancelled").expect("it was dropped");
    assert_eq!(lines[cancelled + 1..], ["with/work running", "with/work succeeded", "with succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn with_5_the_block_is_dropped_with_what_is_under_way() {
    let p = pipeline! { with(Attempts(2, MS)) < async |()| { pending::<()>().await } as "work" > }
        .with_bus(Trace::default());
    assert!(timeout(MS, p.run(())).await.is_err());
    let events = p.bus().take();
    every_execution_ends_once(&events);
    let ends: Vec<_> =
        events[events.len() - 2..].iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(ends, ["with/work cancelled", "with cancelled"]);
}

/// At each poll, and before the first.
#[tokio::test]
async fn with_5_the_run_may_be_dropped_anywhere() {
    let p = pipeline! {
        error = Oops;
        with(Attempts(3, Duration::ZERO)) <
            async |()| { tokio::task::yield_now().await; Err::<(), _>(Oops("no")) }
        >
    };
    let p = p.with_bus(Trace::default());
    for polls in 0..6 {
        let mut run = Box::pin(p.run(()));
        for _ in 0..polls {
            let _ = common::poll_once(run.as_mut());
        }
        drop(run);
        every_execution_ends_once(&p.bus().take());
    }
}

#[test]
fn with_6_what_the_policy_holds_is_dropped_before_the_block_ends() {
    let p = pipeline! { with(Holds) < async |()| { pending::<()>().await } as "work" > }
        .with_bus(Trace::default());
    assert!(at_once(p.run(())).is_err());
    let events = p.bus().take();
    every_execution_ends_once(&events);
    let ends: Vec<_> =
        events[events.len() - 2..].iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(ends, ["with/work cancelled", "with failed"]);
}

#[test]
fn with_6_a_run_that_is_forgotten_ends_when_the_next_starts() {
    let p = pipeline! {
        with(Leaks) < async |(), cx| { if cx.attempt() == 1 { pending::<()>().await } } as "work" >
    };
    let p = p.with_bus(Trace::default());
    at_once(p.run(())).unwrap();
    every_execution_ends_once(&p.bus().take());
}

#[test]
fn with_7_a_panic_of_the_policy_goes_through_it() {
    let p = pipeline! { with(Panics) < |()| { 1 } > }.with_bus(Trace::default());
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| at_once(p.run(())))).is_err());
    let events = p.bus().take();
    every_execution_ends_once(&events);
    assert_eq!(events.last().unwrap().what.to_string(), "failed");
    let p = pipeline! { catch < with(Panics) < |()| { 1 } > > };
    assert!(matches!(at_once(p.run(())).unwrap_err().kind(), ErrorKind::Panicked(_)));
}

#[test]
fn with_7_a_panic_of_the_body_goes_through_it() {
    let p = pipeline! { catch < with(Attempts(2, MS)) < |()| { if true { panic!("the body") } 1 } > > }
        .with_bus(Trace::default());
    let error = at_once(p.run(())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "the body"));
    every_execution_ends_once(&p.bus().take());
}

#[tokio::test]
async fn with_8_a_policy_without_a_wait_starves_nobody() {
    let p = pipeline! {
        error = Oops;
        with(Attempts(u32::MAX, Duration::ZERO)) < |()| { Err::<(), _>(Oops("no")) } >
    };
    struct Eager;
    impl<T: Send, E: Failure> Policy<T, E> for Eager {
        async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
            loop {
                if let Ok(value) = next.call().await {
                    break Ok(value);
                }
            }
        }
    }
    let eager = pipeline! { error = Oops; with(Eager) < |()| { Err::<(), _>(Oops("no")) } > };
    tokio::select! {
        biased;
        _ = p.run(()) => unreachable!("it never ends"),
        _ = eager.run(()) => unreachable!("it never ends"),
        () = tokio::task::yield_now() => {}
    }
}

/// A clock of its own, on which nothing waits.
struct Skips(Mutex<std::time::Instant>);

impl Runtime for Skips {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += duration;
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> std::time::Instant {
        *self.0.lock().unwrap()
    }

    fn random(&self) -> u64 {
        0
    }
}

#[test]
fn with_9_waits_and_readings_are_on_the_clock_of_the_run() {
    struct Measures;
    impl<E: Failure> Policy<Duration, E, Once> for Measures {
        async fn apply(&self, next: Next<'_, Duration, E, Once>) -> Result<Duration, Error<E>> {
            let start = next.now();
            next.sleep(3600 * 1000 * MS).await;
            Ok(next.now() - start)
        }
    }
    let runtime = Skips(Mutex::new(std::time::Instant::now()));
    let p = pipeline! { with(Measures) < |()| { Duration::ZERO } > };
    assert_eq!(at_once(p.on(&runtime).run(())).unwrap(), Duration::from_secs(3600));
}

#[tokio::test(start_paused = true)]
async fn with_9_a_wait_may_go_on_beside_the_body() {
    let p = pipeline! { with(Within(5 * MS), name = "five") < async |()| { pending::<()>().await } > };
    let start = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert_eq!((start.elapsed(), error.path()), (5 * MS, "five".into()));
    assert!(matches!(error.kind(), ErrorKind::TimedOut));
}

#[test]
fn with_10_it_stands_in_the_graph_with_its_policy() {
    let p =
        pipeline! { |_: u32| seq < with(Audit::default(), name = "audit") < number number as "again" > > };
    let graph = p.graph();
    let block = graph.find("seq/audit").expect("it is there");
    assert_eq!(block.options(), [("", "Audit::default()")]);
    assert_eq!(
        graph.to_mermaid(),
        r#"flowchart TD
    subgraph n0 ["seq"]
        subgraph n1 ["with audit(Audit::default())"]
            n2["number"]
            n3["again"]
            n2 --> n3
        end
    end
"#
    );
}
