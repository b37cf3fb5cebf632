//! Without what a wait needs: no tokio runtime, or one without timers. What panics says which step it is, and what it needs.

use std::future::{Future, pending};
use std::ops::ControlFlow::{self, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use async_orch::{
    Attempt, BoxFuture, Breaker, Done, Error, Failure, Local, Next, Policy, Runtime, pipeline, task,
};

use common::{Oops, at_once};

mod common;

#[task]
async fn fails() -> Result<(), Oops> {
    Err(Oops("no"))
}

#[task]
async fn never() -> Result<(), Oops> {
    pending().await
}

#[task]
async fn again(n: u32) -> ControlFlow<(), u32> {
    Continue(n + 1)
}

#[task(spawn)]
async fn leaves() -> u32 {
    1
}

#[task(blocking, name = "reads")]
fn blocks() -> u32 {
    1
}

struct Patient;

impl<T: Send, E: Failure> Policy<T, E> for Patient {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        next.sleep(Duration::from_secs(1)).await;
        next.call().await
    }
}

/// Where a minute has gone by, so that an open circuit is half-open.
struct Later;

impl Runtime for Later {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(pending())
    }

    fn now(&self) -> Instant {
        Local.now() + Duration::from_secs(61)
    }

    fn random(&self) -> u64 {
        0
    }
}

/// What a panic says of the first poll of this.
#[track_caller]
fn said<F: Future>(fut: F) -> String {
    let mut fut = pin!(fut);
    let polled =
        catch_unwind(AssertUnwindSafe(|| fut.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    match polled {
        Ok(Poll::Ready(_)) => panic!("it has ended"),
        Ok(Poll::Pending) => panic!("it waits"),
        Err(payload) => payload.downcast_ref::<String>().cloned().expect("a text that was put together"),
    }
}

/// What each block that waits says, with its path.
fn waits() -> Vec<(&'static str, String)> {
    let breaker = Breaker::builder().wait(true).build();
    let circuit = pipeline! { seq(name = "job") < circuit(breaker = &breaker) < never() > > };
    breaker.force_open();
    let mut probe = Box::pin(circuit.on(&Later).run(()));
    assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());

    let bulkhead =
        pipeline! { seq(name = "job") < bulkhead(max = 1, queue = 1, max_wait = 1s) < never() > > };
    let mut inside = Box::pin(bulkhead.run(()));
    assert!(inside.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());

    let throttle = pipeline! { seq(name = "job") < throttle(rate = 1) < fails() > > };
    assert!(at_once(throttle.run(())).is_err());

    vec![
        ("block `job/retry`", said(pipeline! { seq(name = "job") < retry < fails() > > }.run(()))),
        ("block `job/repeat`", said(pipeline! { |_: u32| seq(name = "job") < repeat(backoff = constant(1s)) < again > > }.run(0))),
        ("block `job/timeout`", said(pipeline! { seq(name = "job") < timeout(1s) < never() > > }.run(()))),
        ("block `job/hedge`", said(pipeline! { seq(name = "job") < hedge(1s) < never() > > }.run(()))),
        ("block `job/with`", said(pipeline! { seq(name = "job") < with(Patient) < fails() > > }.run(()))),
        ("block `job/throttle`", said(throttle.run(()))),
        ("block `job/bulkhead`", said(bulkhead.run(()))),
        ("block `job/circuit`", said(circuit.run(()))),
        (
            "step `job/nap`",
            said(pipeline! { seq(name = "job") < async |(), cx| { cx.sleep(Duration::from_secs(1)).await } as "nap" > }.run(())),
        ),
        // In a run that is observed it is the same.
        (
            "block `job/retry`",
            said(pipeline! { seq(name = "job") < retry < fails() > > }.with_bus(async_orch::bus::Recorder::new()).run(())),
        ),
    ]
}

#[track_caller]
fn each_names_its_step(said: Vec<(&'static str, String)>) {
    for (step, said) in said {
        let start = format!("{step} waits, and needs a tokio runtime with `enable_time`, at {}:", file!());
        assert!(said.starts_with(&start), "{said}");
    }
}

#[test]
fn running_8_outside_of_a_runtime_a_wait_names_its_block() {
    each_names_its_step(waits());
}

#[test]
fn running_8_in_a_runtime_without_timers_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { each_names_its_step(waits()) });
}

#[test]
fn running_8_the_call_of_a_breaker_says_so() {
    let breaker = Breaker::builder().wait(true).build();
    let circuit = pipeline! { circuit(breaker = &breaker) < never() > };
    breaker.force_open();
    let mut probe = Box::pin(circuit.on(&Later).run(()));
    assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let said = said(breaker.call(pending::<Result<(), Oops>>()));
    assert_eq!(said, "the call of a breaker waits, and needs a tokio runtime with `enable_time`");
}

#[test]
fn running_8_outside_of_a_runtime_a_task_that_leaves_its_run_says_its_name() {
    let needs = "leaves its run by `spawn` or `blocking`, and needs a tokio runtime";
    assert_eq!(said(pipeline! { leaves() }.run(())), format!("task `leaves` {needs}"));
    assert_eq!(said(pipeline! { seq < blocks() > }.run(())), format!("task `reads` {needs}"));
    let observed = pipeline! { leaves() }.with_bus(async_orch::bus::Recorder::new());
    assert_eq!(said(observed.run(())), format!("task `leaves` {needs}"));
}

/// A block that has nothing to wait for asks for no runtime.
#[test]
fn running_8_who_does_not_wait_needs_none() {
    let p = pipeline! {
        |n: u32| timeout(1s) < retry < throttle(rate = 9) < bulkhead(max = 1) < circuit < |_| { *n } > > > > >
    };
    assert_eq!(at_once(p.run(3)).unwrap(), 3);
}

/// With `catch` it is an error that says so.
#[test]
fn running_8_caught_it_is_an_error_that_names_the_block() {
    let p = pipeline! { catch < retry < fails() > > };
    let error = at_once(p.run(())).unwrap_err();
    assert!(error.to_string().contains("block `catch/retry` waits, and needs a tokio runtime"), "{error}");
}
