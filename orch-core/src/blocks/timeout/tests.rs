//! The rules of `timeout`, each by name.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Options, Values, enter, given, timeout};
use crate::blocks::{circuit, retry};
use crate::build::builder::Builder;
use crate::build::feed::Ignores;
use crate::build::plan::Plan;
use crate::error::{BoxError, ErrorKind};
use crate::node::{Meta, NodeKind};
use crate::testing::{Instantly, Recorder, at_once, block, entry, inline_async, step};

static TIMEOUT: Meta = entry(0, None, NodeKind::Block("timeout"), None, &[("", "1s")]);
static WORK: Meta = step(1, Some(&TIMEOUT), "work");

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// `timeout(duration) < async |()| body >`
macro_rules! within {
    ($duration:expr, $body:expr) => {{
        let builder = Builder::<(), (), BoxError>::new();
        let (inner, feed) = enter(&builder, Ignores);
        let body = inline_async!(inner, &WORK, $body);
        let options = Options {
            error: builder.error(),
            values: builder.once(Values { duration: given::duration(($duration,)) }, &TIMEOUT),
        };
        Plan::of((), builder, timeout(&builder, &TIMEOUT, options, feed, body)).pipeline()
    }};
}

struct OnDrop<'d>(&'d AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn timeout_of_a_body_that_never_waits_costs_no_timer_and_no_clock() {
    let pipeline = within!(SECOND, |(), ()| ready(7));
    let runtime = Instantly::default();
    assert_eq!(at_once(pipeline.on(&runtime).run(())).unwrap(), 7);
    assert!(runtime.slept().is_empty());
    assert_eq!(runtime.clock_readings.into_inner(), 0);
}

#[tokio::test(start_paused = true)]
async fn timeout_4_drops_the_body_when_it_fires() {
    let dropped = AtomicBool::new(false);
    let pipeline = within!(SECOND, |(), ()| async {
        let _on_drop = OnDrop(&dropped);
        pending::<()>().await;
    });
    let start = Instant::now();
    let mut run = std::pin::pin!(pipeline.run(()));
    let error = run.as_mut().await.unwrap_err();
    assert_eq!(start.elapsed(), SECOND);
    assert!(dropped.load(Ordering::Relaxed), "before the run itself is dropped");
    assert!(matches!(error.kind(), ErrorKind::TimedOut));
    assert_eq!(error.to_string(), "block `timeout` timed out after 1s");
}

#[tokio::test(start_paused = true)]
async fn events_5_the_body_is_cancelled_before_the_block_fails() {
    let pipeline = within!(SECOND, |(), ()| pending::<()>()).with_bus(Recorder::default());
    let mut run = Box::pin(pipeline.run(()));
    assert!(run.as_mut().await.is_err());
    let expected = ["timeout started", "timeout/work running", "timeout/work cancelled", "timeout failed"];
    assert_eq!(pipeline.bus().take(), expected);
    drop(run);
    assert!(pipeline.bus().take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_ready_when_the_time_is_over_wins() {
    let pipeline = within!(SECOND, |(), ()| sleep(SECOND));
    assert!(pipeline.run(()).await.is_ok());
    let pipeline = within!(SECOND, |(), ()| sleep(SECOND + MS));
    assert!(pipeline.run(()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_body_may_fail_and_succeed_in_time() {
    let pipeline = within!(SECOND, |(), ()| async {
        sleep(MS).await;
        Err::<(), _>("no")
    });
    assert_eq!(pipeline.run(()).await.unwrap_err().task().unwrap().to_string(), "no");
}

#[test]
#[should_panic(expected = "block `timeout`: `duration` must be longer than zero, at test.rs:1:1")]
fn a_time_of_zero_panics_when_it_is_built() {
    drop(within!(Duration::ZERO, |(), ()| ready(7)));
}

#[tokio::test(start_paused = true)]
async fn a_time_beyond_the_clock_is_no_end() {
    let pipeline = within!(Duration::MAX, |(), ()| sleep(86_400 * SECOND));
    assert!(pipeline.run(()).await.is_ok());
}

#[tokio::test]
async fn stops_2_a_body_that_uses_up_the_budget_cannot_keep_the_timer_from_firing() {
    let pipeline = within!(5 * MS, |(), ()| async {
        loop {
            tokio::task::consume_budget().await;
        }
        #[allow(unreachable_code)]
        ()
    });
    assert!(pipeline.run(()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn timeout_4_around_a_retry_it_is_a_deadline_and_cuts_a_wait_short() {
    static RETRY: Meta = block(1, Some(&TIMEOUT), "retry");
    static WORK: Meta = step(2, Some(&RETRY), "work");
    let calls = AtomicU32::new(0);
    let builder = Builder::<(), (), BoxError>::new();
    let (outer, outer_feed) = enter(&builder, Ignores);
    let (inner, inner_feed) = retry::enter(&outer, Ignores);
    let work = inline_async!(inner, &WORK, |(), ()| async {
        calls.fetch_add(1, Ordering::Relaxed);
        sleep(300 * MS).await;
        Err::<(), _>("no")
    });
    let options = retry::Options {
        error: builder.error(),
        values: builder.once(
            retry::Values {
                max_attempts: retry::unlimited(),
                backoff: crate::blocks::backoff::Backoff::new(crate::blocks::backoff::constant(400 * MS)),
                max_delay: None,
                jitter: crate::blocks::backoff::none(),
                max_elapsed: retry::default::max_elapsed(),
                rejections: retry::default::rejections(),
                budget: retry::default::budget(),
            },
            &RETRY,
        ),
        retry_after: builder.asked(retry::default::retry_after()),
        when: builder.predicate(retry::default::when()),
    };
    let body = retry::retry(&outer, &RETRY, options, inner_feed, work);
    let options = Options {
        error: builder.error(),
        values: builder.once(Values { duration: SECOND + 200 * MS }, &TIMEOUT),
    };
    let pipeline = Plan::of((), builder, timeout(&builder, &TIMEOUT, options, outer_feed, body)).pipeline();
    let start = Instant::now();
    let error = pipeline.run(()).await.unwrap_err();
    assert_eq!(start.elapsed(), SECOND + 200 * MS);
    assert_eq!((error.path().as_str(), calls.load(Ordering::Relaxed)), ("timeout", 2));
}

#[tokio::test(start_paused = true)]
async fn timeout_4_inside_a_retry_each_attempt_has_the_time() {
    static RETRY: Meta = block(0, None, "retry");
    static TIMEOUT: Meta = block(1, Some(&RETRY), "timeout");
    static WORK: Meta = step(2, Some(&TIMEOUT), "work");
    let builder = Builder::<(), (), BoxError>::new();
    let (outer, outer_feed) = retry::enter(&builder, Ignores);
    let (inner, inner_feed) = enter(&outer, Ignores);
    let work = inline_async!(inner, &WORK, |(), ()| pending::<()>());
    let body = timeout(
        &outer,
        &TIMEOUT,
        Options { error: builder.error(), values: builder.once(Values { duration: SECOND }, &TIMEOUT) },
        inner_feed,
        work,
    );
    let options = retry::Options {
        error: builder.error(),
        values: builder.once(
            retry::Values {
                max_attempts: retry::IntoAttempts::into_attempts(3),
                backoff: crate::blocks::backoff::Backoff::new(crate::blocks::backoff::constant(SECOND)),
                max_delay: None,
                jitter: crate::blocks::backoff::none(),
                max_elapsed: retry::default::max_elapsed(),
                rejections: retry::default::rejections(),
                budget: retry::default::budget(),
            },
            &RETRY,
        ),
        retry_after: builder.asked(retry::default::retry_after()),
        when: builder.predicate(retry::default::when()),
    };
    let pipeline =
        Plan::of((), builder, retry::retry(&builder, &RETRY, options, outer_feed, body)).pipeline();
    let start = Instant::now();
    let error = pipeline.run(()).await.unwrap_err();
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!(error.to_string(), "block `retry/timeout` timed out after 1s, in each of 3 attempts");
}

#[tokio::test(start_paused = true)]
async fn circuit_5_a_timeout_inside_counts_as_a_failure() {
    static CIRCUIT: Meta = block(0, None, "circuit");
    static TIMEOUT: Meta = block(1, Some(&CIRCUIT), "timeout");
    static WORK: Meta = step(2, Some(&TIMEOUT), "work");
    let breaker = circuit::Breaker::new();
    let builder = Builder::<(), (), BoxError>::new();
    let work = inline_async!(builder, &WORK, |(), ()| pending::<()>());
    let body = timeout(
        &builder,
        &TIMEOUT,
        Options { error: builder.error(), values: builder.once(Values { duration: SECOND }, &TIMEOUT) },
        (),
        work,
    );
    let options = circuit::Options {
        error: builder.error(),
        values: builder.once(
            circuit::Values {
                fail_max: circuit::default::fail_max(),
                failure_rate: circuit::default::failure_rate(),
                window: circuit::default::window(),
                min_calls: circuit::default::min_calls(),
                close_after: circuit::default::close_after(),
                reset_timeout: circuit::default::reset_timeout(),
                probes: circuit::default::probes(),
                wait: circuit::default::wait(),
                breaker: Some(breaker.clone()),
            },
            &CIRCUIT,
        ),
        ignore: builder.predicate(circuit::default::ignore()),
    };
    let pipeline = Plan::of((), builder, circuit::circuit(&builder, &CIRCUIT, options, (), body)).pipeline();
    assert!(pipeline.run(()).await.is_err());
    assert_eq!(breaker.failures(), 1);
}

#[test]
fn stops_4_a_panic_goes_through_and_fails_the_block() {
    let pipeline = within!(SECOND, |(), ()| async { assert!(WORK.index == 0, "oh") });
    let pipeline = pipeline.with_bus(Recorder::default());
    assert!(catch_unwind(AssertUnwindSafe(|| at_once(pipeline.run(())))).is_err());
    let expected = ["timeout started", "timeout/work running", "timeout/work failed", "timeout failed"];
    assert_eq!(pipeline.bus().take(), expected);
}

#[tokio::test(start_paused = true)]
async fn stops_1_a_drop_cancels_the_body_and_then_the_block() {
    let pipeline = within!(SECOND, |(), ()| pending::<()>()).with_bus(Recorder::default());
    assert!(tokio::time::timeout(MS, pipeline.run(())).await.is_err());
    let expected = ["timeout started", "timeout/work running", "timeout/work cancelled", "timeout cancelled"];
    assert_eq!(pipeline.bus().take(), expected);
}
