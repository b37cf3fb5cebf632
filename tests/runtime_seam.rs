//! The runtime is a seam: another one runs the same pipelines, counts what they ask for, and fails what it likes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_orch::{
    Attempt, BoxFuture, Bus, Done, ErrorKind, Event, Local, Panicked, Run, Runtime, pipeline, task,
};

use common::{Oops, Trace, at_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

/// A runtime for tests: time goes on as it is slept, tasks of chosen paths fail, everything is counted.
#[derive(Debug)]
struct Faulty {
    /// How many more times the task of a path is to fail, and how.
    faults: Mutex<BTreeMap<&'static str, (u32, Fault)>>,
    executed: Mutex<Vec<String>>,
    slept: Mutex<Vec<Duration>>,
    clock: Mutex<Instant>,
    clock_readings: AtomicUsize,
    random_readings: AtomicUsize,
    proceeds: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Rejected,
    TimedOut,
}

impl Faulty {
    fn new(faults: impl IntoIterator<Item = (&'static str, (u32, Fault))>) -> Self {
        Faulty {
            faults: Mutex::new(faults.into_iter().collect()),
            executed: Mutex::default(),
            slept: Mutex::default(),
            clock: Mutex::new(Instant::now()),
            clock_readings: AtomicUsize::new(0),
            random_readings: AtomicUsize::new(0),
            proceeds: AtomicUsize::new(0),
        }
    }

    fn executed(&self) -> Vec<String> {
        std::mem::take(&mut self.executed.lock().unwrap())
    }

    fn slept(&self) -> Vec<Duration> {
        std::mem::take(&mut self.slept.lock().unwrap())
    }

    fn advance(&self, duration: Duration) {
        *self.clock.lock().unwrap() += duration;
    }

    fn fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let (left, fault) = faults.get_mut(path)?;
        *left = left.checked_sub(1)?;
        Some(*fault)
    }
}

impl Runtime for Faulty {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        let path = attempt.position().path();
        let fault = self.fault(path);
        self.executed.lock().unwrap().push(path.to_owned());
        Box::pin(async move {
            match fault {
                Some(Fault::Rejected) => attempt.fail(ErrorKind::Rejected),
                Some(Fault::TimedOut) => attempt.fail(ErrorKind::TimedOut),
                None => attempt.run().await,
            }
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.slept.lock().unwrap().push(duration);
        self.advance(duration);
        Box::pin(ready(()))
    }

    fn now(&self) -> Instant {
        self.clock_readings.fetch_add(1, SeqCst);
        *self.clock.lock().unwrap()
    }

    fn random(&self) -> u64 {
        self.random_readings.fetch_add(1, SeqCst);
        u64::MAX
    }

    fn poll_proceed(&self, _: &mut Context<'_>) -> Poll<()> {
        self.proceeds.fetch_add(1, SeqCst);
        Poll::Ready(())
    }
}

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn down(_n: u32) -> Result<u32, Oops> {
    Err(Oops("down"))
}

#[test]
fn every_task_is_executed_by_the_runtime() {
    let rt = Faulty::new([]);
    let inner = pipeline! { |_: u32| seq(name = "inner") < double > };
    let p = pipeline! {
        |_: u32|
        seq(name = "main") <
            double
            par < double double as "second" |n| { n } >
            |(a, b, c)| { vec![a, b, c] }
            each < circuit < double > { &inner } >
        >
    };
    assert_eq!(at_once(p.on(&rt).run(1)).unwrap(), [16, 16, 8]);
    let mut executed = rt.executed();
    executed.sort();
    let expected = [
        "main/double",
        "main/each/circuit/double",
        "main/each/circuit/double",
        "main/each/circuit/double",
        "main/each/inner/double",
        "main/each/inner/double",
        "main/each/inner/double",
        "main/par/double",
        "main/par/second",
    ];
    assert_eq!(executed, expected);
    assert_eq!(at_once(p.run(1)).unwrap(), [16, 16, 8], "and on the usual one");
    assert!(rt.executed().is_empty());
}

#[test]
fn the_runtime_fails_chosen_tasks_without_calling_them() {
    let called = AtomicU32::new(0);
    #[task]
    fn count(called: &AtomicU32) {
        called.fetch_add(1, SeqCst);
    }
    let rt = Faulty::new([("seq/first", (1, Fault::Rejected)), ("seq/par/second", (1, Fault::TimedOut))]);
    let p = pipeline! { seq < count(&called) as "first" par < count(&called) as "second" count(&called) > > };
    let error = at_once(p.on(&rt).run(())).unwrap_err();
    assert_eq!(error.to_string(), "step `seq/first` did not run: rejected");
    assert!(matches!(error.kind(), ErrorKind::Rejected) && !error.is_retryable());
    let error = at_once(p.on(&rt).run(())).unwrap_err();
    assert_eq!(error.to_string(), "step `seq/par/second` timed out");
    assert_eq!(called.load(SeqCst), 1, "the first, in the second run");
    at_once(p.on(&rt).run(())).unwrap();
}

#[test]
fn retry_2_a_rejection_is_not_retried_and_a_timeout_of_the_runtime_is() {
    let rt = Faulty::new([("retry/double", (2, Fault::TimedOut))]);
    let p =
        pipeline! { |_: u32| retry(max_attempts = 5, backoff = exponential(1s), jitter = none) < double > };
    assert_eq!(at_once(p.on(&rt).run(1)).unwrap(), 2);
    assert_eq!((rt.executed().len(), rt.slept()), (3, vec![SECOND, SECOND * 2]));
    let rt = Faulty::new([("retry/double", (2, Fault::Rejected))]);
    assert_eq!(at_once(p.on(&rt).run(1)).unwrap_err().attempts(), 1);
    assert_eq!((rt.executed().len(), rt.slept()), (1, vec![]));
}

#[test]
fn a_fault_counts_in_a_circuit_like_any_failure() {
    let rt = Faulty::new([("circuit/double", (2, Fault::TimedOut))]);
    let p = pipeline! { |_: u32| circuit(fail_max = 2, reset_timeout = 10s) < double > };
    for _ in 0..2 {
        assert!(matches!(at_once(p.on(&rt).run(1)).unwrap_err().kind(), ErrorKind::TimedOut));
    }
    // On its clock, which nothing but the runtime moves.
    rt.advance(SECOND * 4);
    match at_once(p.on(&rt).run(1)).unwrap_err().kind() {
        ErrorKind::CircuitOpen { retry_after, .. } => assert_eq!(*retry_after, SECOND * 6),
        other => panic!("{other:?}"),
    }
    rt.advance(SECOND * 6);
    assert_eq!(at_once(p.on(&rt).run(1)).unwrap(), 2);
}

#[test]
fn sleeps_clock_and_chance_are_those_of_the_runtime() {
    let rt = Faulty::new([]);
    let p = pipeline! {
        |_: u32|
        timeout(1h) <
            retry(max_attempts = 4, backoff = constant(10s), max_delay = 8s, jitter = equal) < down >
        >
    };
    // No tokio runtime is there: it would panic if anything asked tokio for a timer.
    assert_eq!(at_once(p.on(&rt).run(1)).unwrap_err().attempts(), 4);
    assert_eq!(rt.slept(), [SECOND * 8; 3], "the most that jitter makes of it, by its random bits");
    assert_eq!(rt.random_readings.load(SeqCst), 3);
}

#[test]
fn loops_over_ready_work_ask_the_runtime_whether_to_go_on() {
    let rt = Faulty::new([]);
    let p = pipeline! { |_: std::ops::Range<u32>| each < double > };
    at_once(p.on(&rt).run(0..1_000)).unwrap();
    assert!(rt.proceeds.load(SeqCst) >= 1_000);
    let p = pipeline! { |_: u32| retry(max_attempts = 100, backoff = constant(0s)) < down > };
    let before = rt.proceeds.swap(0, SeqCst);
    at_once(p.on(&rt).run(1)).unwrap_err();
    assert!(rt.proceeds.load(SeqCst) >= 99, "{before} before");
}

#[test]
fn events_6_without_a_bus_no_clock_is_read() {
    let rt = Faulty::new([]);
    let p = pipeline! {
        |_: u32|
        seq <
            double
            circuit < retry < timeout(1s) < catch < double > > > >
            par(limit = 1) < double |n| { n } >
            |(a, b)| { vec![a, b] }
            each(limit = 1) < double >
        >
    };
    at_once(p.on(&rt).run(1)).unwrap();
    assert_eq!((rt.clock_readings.load(SeqCst), rt.random_readings.load(SeqCst)), (0, 0));
    assert!(rt.slept().is_empty());
    let trace = Trace::default();
    at_once((&p).with_bus(&trace).on(&rt).run(1)).unwrap();
    let events = trace.take().len();
    assert!(rt.clock_readings.load(SeqCst) >= events, "with one, each event has its time");
}

#[test]
fn circuit_2_a_rejection_reads_the_clock_once() {
    let rt = Faulty::new([]);
    let p = pipeline! { |_: u32| circuit(fail_max = 2) < down > };
    at_once(p.on(&rt).run(1)).unwrap_err();
    assert_eq!(rt.clock_readings.swap(0, SeqCst), 0, "a failure that does not trip reads none");
    at_once(p.on(&rt).run(1)).unwrap_err();
    rt.clock_readings.store(0, SeqCst);
    for _ in 0..10 {
        at_once(p.on(&rt).run(1)).unwrap_err();
    }
    assert_eq!(rt.clock_readings.load(SeqCst), 10);
}

#[test]
fn events_6_a_bus_that_is_not_enabled_is_never_called() {
    struct Never;
    impl Bus for Never {
        const ENABLED: bool = false;
        fn emit(&self, event: &Event<'_>) {
            panic!("{event} was built");
        }
    }
    static CALLS: AtomicU32 = AtomicU32::new(0);
    struct Counts;
    impl Bus for Counts {
        const ENABLED: bool = false;
        fn emit(&self, _: &Event<'_>) {
            CALLS.fetch_add(1, SeqCst);
        }
    }
    let rt = Faulty::new([]);
    let p = pipeline! { |_: u32| seq < double par(limit = 1) < double circuit < down > > > };
    assert!(at_once((&p).with_bus(Never).on(&rt).run(1)).is_err());
    assert!(at_once((&p).with_bus(Counts).on(&rt).run(1)).is_err());
    assert_eq!((CALLS.load(SeqCst), rt.clock_readings.load(SeqCst)), (0, 0));
}

/// Runs what a closure says of an attempt, on tokio.
struct Answering<F>(F);

impl<F> Runtime for Answering<F>
where
    F: for<'a> Fn(Attempt<'a>) -> BoxFuture<'a, Done<'a>> + Send + Sync,
{
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        (self.0)(attempt)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn now(&self) -> Instant {
        Local.now()
    }

    fn random(&self) -> u64 {
        0
    }
}

fn answering<F>(answer: F) -> Answering<F>
where
    F: for<'a> Fn(Attempt<'a>) -> BoxFuture<'a, Done<'a>> + Send + Sync,
{
    Answering(answer)
}

#[test]
fn the_runtime_answers_with_the_tasks_own_error_and_with_outputs() {
    let rt = answering(|attempt| {
        let done = match attempt.position().name() {
            "down" => attempt.answer::<u32, Oops>(Err(Oops("refused"))),
            "double" => attempt.answer::<u32, Infallible>(Ok(99)),
            _ => Err(attempt),
        };
        match done {
            Ok(done) => Box::pin(ready(done)),
            Err(attempt) => Box::pin(attempt.run()),
        }
    });
    let p = pipeline! { |_: u32| seq < double down > };
    let error = at_once(p.on(&rt).run(1)).unwrap_err();
    assert_eq!(error.to_string(), "step `seq/down` failed: refused");
    assert_eq!(error.downcast_ref(), Some(&Oops("refused")), "with its type");
    let p = pipeline! { error = Oops; |_: u32| retry(max_attempts = 3, backoff = constant(1s)) < down > };
    assert_eq!(at_once(p.on(&rt).run(1)).unwrap_err().task(), Some(&Oops("refused")));
    assert_eq!(at_once(pipeline! { |_: u32| double }.on(&rt).run(1)).unwrap(), 99);
}

#[test]
fn an_answer_of_the_wrong_type_gives_the_attempt_back() {
    let rt = answering(|attempt| {
        let attempt = attempt.answer::<String, Infallible>(Ok("text".to_owned())).unwrap_err();
        let attempt = attempt.answer::<u32, Oops>(Ok(1)).unwrap_err();
        Box::pin(attempt.run())
    });
    assert_eq!(at_once(pipeline! { |_: u32| double }.on(&rt).run(2)).unwrap(), 4);
}

#[test]
fn the_runtime_answers_where_it_knows_one_of_the_two_types() {
    let rt = answering(|attempt| {
        let types = (attempt.output_type(), attempt.error_type().rsplit("::").next());
        let done = match attempt.position().name() {
            "down" => {
                assert_eq!(types, ("u32", Some("Oops")));
                let attempt = attempt.answer_error("refused").unwrap_err();
                attempt.answer_error(Oops("refused"))
            }
            _ => {
                assert_eq!(types, ("u32", Some("Infallible")));
                let attempt = attempt.answer_output(99_u64).unwrap_err();
                let attempt = attempt.answer_error(Oops("none has this")).unwrap_err();
                attempt.answer_output(99_u32)
            }
        };
        Box::pin(ready(done.expect("it is of the task's type")))
    });
    let error = at_once(pipeline! { |_: u32| seq < double down > }.on(&rt).run(1)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Oops("refused")));
    assert_eq!(at_once(pipeline! { |_: u32| double }.on(&rt).run(1)).unwrap(), 99);
}

#[test]
fn the_runtime_fails_a_task_in_every_way_there_is() {
    fn kind(name: &str) -> ErrorKind<Infallible> {
        match name {
            "panicked" => ErrorKind::Panicked(Panicked::new("out of cheese")),
            "timed out" => ErrorKind::TimedOut,
            "open" => ErrorKind::circuit_open(SECOND * 3, Some("down")),
            "half-open" => ErrorKind::CircuitHalfOpen,
            _ => ErrorKind::Rejected,
        }
    }
    let rt = answering(|attempt| {
        let kind = kind(attempt.position().name());
        Box::pin(ready(attempt.fail(kind)))
    });
    let said = |step: &dyn Fn() -> String| step();
    macro_rules! of {
        ($name:literal) => {
            said(&|| at_once(pipeline! { |_: u32| double as $name }.on(&rt).run(1)).unwrap_err().to_string())
        };
    }
    assert_eq!(of!("panicked"), "step `panicked` panicked: out of cheese");
    assert_eq!(of!("timed out"), "step `timed out` timed out");
    assert_eq!(of!("open"), "step `open` did not run: the circuit is open, retry in 3s (last failure: down)");
    assert_eq!(
        of!("half-open"),
        "step `half-open` did not run: the circuit is half-open and its probe is still running"
    );
    assert_eq!(of!("rejected"), "step `rejected` did not run: rejected");
}

#[test]
fn every_attempt_has_a_position_of_its_own() {
    #[task]
    fn pay(n: u32) -> Result<u32, Oops> {
        if n == 2 { Err(Oops("no")) } else { Ok(n) }
    }
    let seen = Mutex::new(Vec::new());
    let seen = &seen;
    let rt = answering(move |attempt| {
        let position = attempt.position();
        assert_eq!(position.attempt(), position.attempts().last().unwrap());
        seen.lock().unwrap().push(position.to_string());
        Box::pin(attempt.run())
    });
    let inner = pipeline! { |_: u32| retry(max_attempts = 2, backoff = constant(1s)) < pay > };
    let p = pipeline! { |_: Vec<Vec<u32>>| each(name = "rows") < each(limit = 1, settle) < { &inner } > > };
    at_once(p.on(&rt).run(vec![vec![1], vec![2, 3]])).unwrap();
    let expected = [
        "rows/each/retry/pay[0][0]#1",
        "rows/each/retry/pay[1][0]#1",
        "rows/each/retry/pay[1][0]#2",
        "rows/each/retry/pay[1][1]#1",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_run_has_the_key_that_it_was_given() {
    let rt = answering(|attempt| {
        let done = match attempt.position().key() {
            Some("order-17") => attempt.run(),
            key => panic!("{key:?}"),
        };
        Box::pin(done)
    });
    let p = pipeline! { |_: u32| seq < double down > };
    let error = at_once(p.on(&rt).run_as("order-17", 1)).unwrap_err();
    assert_eq!(error.key(), Some("order-17"));
    assert_eq!(error.to_string(), "step `seq/down` failed: down");
}

mod away {
    //! Tasks that leave their run.

    use super::*;

    #[task(spawn)]
    async fn spawned(n: u32) -> u32 {
        assert!(n > 0, "zero");
        n + 1
    }

    #[task(blocking)]
    fn blocking(n: u32) -> u32 {
        assert!(n < 9, "nine");
        n * 2
    }

    #[task(spawn)]
    fn spawned_sync(n: u32) -> Result<u32, Oops> {
        if n == 7 { Err(Oops("seven")) } else { Ok(n) }
    }

    #[test]
    fn every_block_and_every_task_runs_without_tokio() {
        let rt = Faulty::new([]);
        let p = pipeline! {
            |_: Vec<u32>|
            each(limit = 2) < timeout(1s) < retry < circuit < catch < seq <
                spawned
                par(limit = 1) < blocking spawned_sync |n| { n } async |n| { n } >
            > > > > > >
        };
        assert_eq!(at_once(p.on(&rt).run(vec![1, 2])).unwrap(), [(4, 2, 2, 2), (6, 3, 3, 3)]);
        assert_eq!(rt.executed().len(), 6);
    }

    #[test]
    fn their_errors_and_panics_come_back() {
        let rt = Faulty::new([]);
        let p = pipeline! { |_: u32| seq < spawned_sync spawned blocking > };
        let said = |n| at_once(p.on(&rt).run(n)).unwrap_err().to_string();
        assert_eq!(said(7), "step `seq/spawned_sync` failed: seven");
        assert_eq!(said(0), "step `seq/spawned` panicked: zero");
        assert_eq!(said(8), "step `seq/blocking` panicked: nine");
    }

    /// Gives up whatever leaves the run.
    struct Forgetful;

    impl Runtime for Forgetful {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Box::pin(attempt.run())
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
            Box::pin(ready(()))
        }

        fn now(&self) -> Instant {
            Local.now()
        }

        fn random(&self) -> u64 {
            0
        }

        fn spawn(&self, _: BoxFuture<'static, ()>) -> BoxFuture<'_, ()> {
            Box::pin(ready(()))
        }

        fn blocking(&self, _: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
            Box::pin(ready(()))
        }
    }

    #[test]
    fn what_the_runtime_gives_up_is_cancelled_and_not_retried() {
        let p = pipeline! {
            |_: u32|
            par(settle) < retry(max_attempts = 5, rejections) < spawned > retry(rejections) < blocking > >
        };
        let (spawned, blocking) = at_once(p.on(&Forgetful).run(1)).unwrap();
        assert_eq!(spawned.unwrap_err().to_string(), "step `par/retry/spawned` was cancelled by its runtime");
        let error = blocking.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled));
        assert!(!error.is_retryable() && !error.kind().is_rejection());
    }

    /// The runtime of tokio that a task was spawned on shuts down.
    #[test]
    fn a_spawned_task_whose_tokio_shuts_down_is_cancelled_and_not_retried() {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        #[task(spawn)]
        async fn forever() {
            STARTED.fetch_add(1, SeqCst);
            std::future::pending::<()>().await;
        }
        let p = pipeline! { retry(max_attempts = 3, backoff = constant(0s)) < forever() > };
        let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let mut run = Box::pin(p.run(()));
        {
            let _entered = other.enter();
            assert!(common::poll_once(run.as_mut()).is_pending());
        }
        while STARTED.load(SeqCst) == 0 {
            std::thread::yield_now();
        }
        other.shutdown_timeout(Duration::from_secs(10));
        let error = at_once(run).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!((error.attempts(), STARTED.load(SeqCst)), (1, 1));
    }

    #[tokio::test]
    async fn a_panic_whose_payload_panics_when_it_is_dropped_ends_there() {
        struct Rude;
        impl Drop for Rude {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        #[task(spawn)]
        async fn rude() {
            std::panic::panic_any(Rude);
        }
        #[task(blocking)]
        fn rude_too() {
            std::panic::panic_any(Rude);
        }
        let p = pipeline! { par(settle) < rude() rude_too() > };
        let (one, other) = p.run(()).await.unwrap();
        for error in [one.unwrap_err(), other.unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::Panicked(_)), "{error}");
        }
        let (one, _) = p.on(&Faulty::new([])).run(()).await.unwrap();
        assert!(matches!(one.unwrap_err().kind(), ErrorKind::Panicked(_)));
    }
}

#[test]
fn the_usual_runtime_can_be_named() {
    let p = pipeline! { |_: u32| seq < double > };
    assert_eq!(at_once(p.on(&Local).run(1)).unwrap(), 2);
}

#[test]
fn one_pipeline_serves_two_runtimes_and_keeps_its_circuits() {
    let (one, other) = (Faulty::new([]), Faulty::new([]));
    let p = pipeline! { |_: u32| circuit(fail_max = 2, reset_timeout = 1h) < down > };
    at_once(p.on(&one).run(1)).unwrap_err();
    at_once(p.on(&other).run(1)).unwrap_err();
    assert!(matches!(at_once(p.on(&one).run(1)).unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    assert_eq!((one.executed().len(), other.executed().len()), (1, 1));
}

#[tokio::test]
async fn a_run_on_it_can_be_spawned() {
    let rt: &'static Faulty = Box::leak(Box::new(Faulty::new([])));
    let p = Box::leak(Box::new(pipeline! { |_: u32| seq < double each_of > }));
    #[task]
    fn each_of(n: u32) -> Vec<u32> {
        vec![n]
    }
    assert_eq!(tokio::spawn(p.on(rt).run(1)).await.unwrap().unwrap(), [2]);
}

/// A fault at one start and no other.
#[test]
fn a_fault_by_path_item_and_attempt_hits_that_start_alone() {
    #[task]
    fn pay(n: u32) -> Result<u32, Oops> {
        Ok(n)
    }
    let rows = pipeline! {
        |_: Vec<u32>| each(limit = 3) < retry(max_attempts = 3, backoff = constant(0s)) < pay > >
    };
    let pages = pipeline! { |_: Vec<Vec<u32>>| each(name = "pages") < { &rows } > };
    let all = || vec![vec![1, 2], vec![3, 4, 5], vec![6]];
    // Where the fault is, as the position says it, and what is run in all.
    for (fault, starts) in [
        ("pages/each/retry/pay[1][2]#1", 7),
        ("pages/each/retry/pay[0][0]#1", 7),
        ("pages/each/retry/pay[1][2]#2", 6),
    ] {
        let (hits, runs) = (Mutex::new(Vec::new()), AtomicU32::new(0));
        let rt = answering(|attempt| {
            runs.fetch_add(1, SeqCst);
            let at = attempt.position().to_string();
            if at == fault {
                hits.lock().unwrap().push(at);
                return Box::pin(ready(attempt.fail(ErrorKind::TimedOut)));
            }
            Box::pin(attempt.run())
        });
        let trace = Trace::default();
        assert_eq!(at_once(pages.on(&rt).run(all())).unwrap(), all());
        assert_eq!(at_once((&pages).with_bus(&trace).on(&rt).run(all())).unwrap(), all());
        let both = if starts == 7 { 2 } else { 0 };
        assert_eq!(hits.lock().unwrap().len(), both, "{fault}: once without a bus and once with one");
        assert_eq!(runs.load(SeqCst), 2 * starts, "{fault}");
        let failed: Vec<_> = trace
            .take()
            .into_iter()
            .filter(|seen| seen.what == common::What::Task(async_orch::TaskState::Failed))
            .collect();
        assert_eq!(failed.len(), both / 2, "{fault}");
    }
}

/// Circuits through the seam.
mod gatekeepers {
    use super::*;
    use async_orch::{Admit, Breaker, BreakerState, Gatekeeper, Position, Report};

    /// Answers for circuits as it is told to, and writes down what it hears.
    #[derive(Default)]
    struct Scribe {
        answers: Mutex<Vec<Admit>>,
        counts: bool,
        heard: Mutex<Vec<String>>,
    }

    impl Scribe {
        fn answering(answers: impl IntoIterator<Item = Admit>) -> Self {
            Scribe { answers: Mutex::new(answers.into_iter().collect()), counts: true, ..Scribe::default() }
        }

        fn heard(&self) -> Vec<String> {
            std::mem::take(&mut self.heard.lock().unwrap())
        }

        fn hear(&self, at: Position<'_>, what: &str) {
            self.heard.lock().unwrap().push(format!("{at} {what}"));
        }
    }

    impl Runtime for Scribe {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Box::pin(attempt.run())
        }

        fn sleep(&self, _duration: Duration) -> BoxFuture<'_, ()> {
            Box::pin(ready(()))
        }

        fn now(&self) -> Instant {
            Local.now()
        }

        fn random(&self) -> u64 {
            7
        }

        fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
            assert!(matches!(gatekeeper, Gatekeeper::Circuit(_)));
            self.hear(at, "arrives");
            let mut answers = self.answers.lock().unwrap();
            if answers.is_empty() { Admit::Ask } else { answers.remove(0) }
        }

        fn admitted(&self, at: Position<'_>, _: Gatekeeper<'_>, answer: Result<(), &ErrorKind<Infallible>>) {
            self.hear(
                at,
                &answer.map_or_else(|kind| kind.to_wire().unwrap().kind, |()| "goes on".to_owned()),
            );
        }

        fn report(&self, at: Position<'_>, _: Gatekeeper<'_>, report: Report) -> bool {
            self.hear(at, &format!("{report:?}"));
            self.counts
        }
    }

    #[task]
    fn work(fails: bool) -> Result<u32, Oops> {
        if fails { Err(Oops("down")) } else { Ok(1) }
    }

    #[test]
    fn a_circuit_that_is_asked_is_as_ever_and_the_runtime_hears_of_it() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(SECOND).build();
        let p = pipeline! {
            |_: Vec<bool>|
            each(limit = 1, settle) < circuit(breaker = &breaker, ignore = |_| false) < work > >
        };
        let scribe = Scribe::answering([]);
        let gave = at_once(p.on(&scribe).run(vec![false, true, false])).unwrap();
        assert_eq!(gave.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(
            scribe.heard(),
            [
                "each/circuit[0] arrives",
                "each/circuit[0] goes on",
                "each/circuit[0] Succeeded",
                "each/circuit[1] arrives",
                "each/circuit[1] goes on",
                "each/circuit[1] Failed",
                "each/circuit[2] arrives",
                "each/circuit[2] circuit open",
            ]
        );
        breaker.isolate();
        let error = at_once(p.on(&scribe).run(vec![false])).unwrap().remove(0).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::CircuitOpen { isolated: true, .. }));
        assert_eq!(scribe.heard(), ["each/circuit[0] arrives", "each/circuit[0] circuit isolated"]);
        breaker.force_close();
        let ignores = pipeline! { |_: bool| circuit(breaker = &breaker, ignore = |_| true) < work > };
        assert!(at_once(ignores.on(&scribe).run(true)).is_err());
        assert_eq!(scribe.heard(), ["circuit arrives", "circuit goes on", "circuit Ignored"]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_run_that_waits_the_runtime_hears_what_came_of_it() {
        type Change = fn(&Breaker);
        let changes: [(Change, _); 4] = [
            (Breaker::force_close, "circuit goes on"),
            (Breaker::force_open, "circuit circuit open"),
            (Breaker::isolate, "circuit circuit isolated"),
            // A further one probes then, and nobody waits for it.
            (Breaker::force_open, "circuit circuit half-open"),
        ];
        for (change, heard) in changes {
            let breaker = Breaker::builder().reset_timeout(SECOND).build();
            let p =
                pipeline! { |_: ()| circuit(breaker = &breaker) < async |()| { pending::<()>().await } > };
            let begun = || {
                let mut run = Box::pin(p.run(()));
                assert!(poll_once(run.as_mut()).is_pending());
                run
            };
            breaker.force_open();
            tokio::time::advance(SECOND).await;
            for _ in 0..3 {
                drop(begun());
            }
            tokio::time::advance(SECOND).await;
            let _probe = begun();
            let scribe = Scribe::answering([]);
            let waits = p.on(&scribe);
            let mut waits = pin!(waits.run(()));
            assert!(poll_once(waits.as_mut()).is_pending());
            change(&breaker);
            let further = heard.ends_with("half-open");
            if further {
                tokio::time::advance(SECOND).await;
            }
            let _further = further.then(begun);
            let _ = poll_once(waits.as_mut());
            assert_eq!(scribe.heard(), ["circuit arrives", heard]);
        }
    }

    #[test]
    fn a_run_that_the_runtime_lets_pass_leaves_a_live_breaker_as_it_is() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(SECOND).build();
        let p = pipeline! { |_: bool| circuit(breaker = &breaker) < work > };
        let scribe = Scribe::answering(vec![Admit::Pass; 100]);
        for _ in 0..100 {
            assert_eq!(at_once(p.on(&scribe).run(true)).unwrap_err().downcast_ref(), Some(&Oops("down")));
        }
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
        assert!(scribe.heard().iter().all(|heard| heard == "circuit arrives"));
        breaker.isolate();
        *scribe.answers.lock().unwrap() = vec![Admit::Pass];
        assert_eq!(at_once(p.on(&scribe).run(false)).unwrap(), 1, "an isolated one neither");
        assert_eq!(breaker.state(), BreakerState::Isolated);
    }

    #[test]
    fn a_run_that_the_runtime_turns_away_has_the_error_and_the_events_of_any_other() {
        let breaker = Breaker::new();
        let p = pipeline! { |_: bool| circuit(breaker = &breaker) < work > };
        let kinds = || {
            [
                ErrorKind::circuit_open(SECOND, Some("down before")),
                ErrorKind::circuit_isolated(),
                ErrorKind::CircuitHalfOpen,
                ErrorKind::Rejected,
            ]
        };
        for kind in kinds() {
            let wire = kind.to_wire().unwrap();
            let trace = Trace::default();
            let scribe = Scribe::answering([Admit::Reject(kind)]);
            let error = at_once((&p).with_bus(&trace).on(&scribe).run(false)).unwrap_err();
            assert_eq!((error.kind().to_wire().unwrap(), error.path().as_str()), (wire, "circuit"));
            assert_eq!(scribe.heard(), ["circuit arrives"]);
            let ended = trace.take();
            common::every_execution_ends_once(&ended);
            assert!(ended.iter().all(|seen| seen.path == "circuit"), "the body has not begun");
            // Nobody watches.
            let scribe = Scribe::answering([Admit::Reject(ErrorKind::Rejected)]);
            assert!(at_once(p.on(&scribe).run(false)).unwrap_err().kind().is_rejection());
        }
        let scribe = Scribe::answering([Admit::Reject(ErrorKind::TimedOut)]);
        let error = at_once(p.on(&scribe).run(false)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected), "no other kind says that it did not run");
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_runtime_does_not_let_count_does_not() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(SECOND).build();
        let p = pipeline! { |_: bool| circuit(breaker = &breaker) < work > };
        let scribe = Scribe::default();
        assert!(at_once(p.on(&scribe).run(true)).is_err());
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
        // A probe gives its place back, and is none of those that are lost.
        breaker.force_open();
        tokio::time::advance(SECOND).await;
        for fails in [true, false, true, true, true] {
            assert_eq!(p.on(&scribe).run(fails).await.is_err(), fails);
            assert_eq!(breaker.state(), BreakerState::HalfOpen);
        }
        assert_eq!(p.run(false).await.unwrap(), 1);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_run_that_is_dropped_is_reported_as_cancelled() {
        let breaker = Breaker::new();
        let p =
            pipeline! { circuit(breaker = &breaker) < async |_| { std::future::pending::<()>().await } > };
        let scribe = Scribe::answering([]);
        let mut run = Box::pin(p.on(&scribe).run(()));
        assert!(common::poll_once(run.as_mut()).is_pending());
        drop(run);
        assert_eq!(scribe.heard(), ["circuit arrives", "circuit goes on", "circuit Cancelled"]);
    }
}
