use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{MS, RETRY, WORK, made, options, options_when, retrying, values};
use crate::blocks::backoff::{Jitter, constant, exponential, exponential_by};
use crate::blocks::retry::{Values, default, enter, given, retry, unlimited};
use crate::build::builder::Builder;
use crate::build::feed::{Ignores, Uses};
use crate::build::plan::Plan;
use crate::error::{BoxError, Error, ErrorKind, Panicked};
use crate::node::{Meta, Origin};
use crate::testing::{Instantly, Recorder, at_once, inline_async, inline_sync, step};

const NOW: Duration = Duration::ZERO;

/// A body that gives these results, one for each call, and counts the calls.
struct Script {
    results: Mutex<VecDeque<Result<u32, &'static str>>>,
    calls: AtomicU32,
}

impl Script {
    fn new(results: impl IntoIterator<Item = Result<u32, &'static str>>) -> Self {
        Script { results: Mutex::new(results.into_iter().collect()), calls: AtomicU32::new(0) }
    }

    fn fails() -> Self {
        Script::new([])
    }

    fn call(&self) -> Result<u32, &'static str> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.results.lock().unwrap().pop_front().unwrap_or(Err("no"))
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}

#[test]
fn retry_1_max_attempts_includes_the_first() {
    for max_attempts in 1..5 {
        let script = Script::fails();
        let pipeline = retrying!((), Ignores, options(max_attempts, constant(NOW)), |(), ()| script.call());
        let error = at_once(pipeline.run(())).unwrap_err();
        assert_eq!(script.calls(), max_attempts);
        assert_eq!(error.attempts(), max_attempts);
    }
}

#[test]
fn retry_1_the_last_error_comes_back_as_it_is() {
    let script = Script::new([Err("first"), Err("second"), Err("third")]);
    let pipeline = retrying!((), Ignores, options(3, constant(NOW)), |(), ()| script.call());
    let error = at_once(pipeline.run(())).unwrap_err();
    assert_eq!(error.to_string(), "step `retry/work` failed after 3 attempts: third");
    assert_eq!(error.task().unwrap().to_string(), "third");
}

#[test]
fn retry_1_a_success_ends_it() {
    let script = Script::new([Err("first"), Ok(7), Ok(8)]);
    let pipeline = retrying!((), Ignores, options(unlimited(), constant(NOW)), |(), ()| script.call());
    assert_eq!(at_once(pipeline.run(())).unwrap(), 7);
    assert_eq!(script.calls(), 2);
}

#[test]
fn retry_1_unlimited_goes_on() {
    let script = Script::new((0..1_000).map(|_| Err("no")).chain([Ok(7)]));
    let pipeline = retrying!((), Ignores, options(unlimited(), constant(NOW)), |(), ()| script.call());
    assert_eq!(at_once(pipeline.run(())).unwrap(), 7);
    assert_eq!(script.calls(), 1_001);
}

#[test]
fn retry_1_each_delay_is_capped_and_the_first_too() {
    let slept = |max_delay| {
        let options = made(Values { max_delay, ..values(5, exponential(100 * MS)) }, default::when());
        let pipeline = retrying!((), Ignores, options, |(), ()| Err::<(), _>("no"));
        let runtime = Instantly::default();
        assert!(at_once(pipeline.on(&runtime).run(())).is_err());
        runtime.slept()
    };
    assert_eq!(slept(None), [100 * MS, 200 * MS, 400 * MS, 800 * MS]);
    assert_eq!(slept(given::max_delay((300 * MS,))), [100 * MS, 200 * MS, 300 * MS, 300 * MS]);
    assert_eq!(slept(given::max_delay((50 * MS,))), [50 * MS; 4]);
}

#[test]
fn retry_1_jitter_is_taken_of_the_capped_delay() {
    let slept = |jitter| {
        let max_delay = given::max_delay((50 * MS,));
        let values = Values { max_delay, jitter, ..values(2, constant(Duration::MAX)) };
        let options = made(values, default::when());
        let pipeline = retrying!((), Ignores, options, |(), ()| Err::<(), _>("no"));
        let runtime = Instantly { random: 1 << 63, ..Instantly::default() };
        assert!(at_once(pipeline.on(&runtime).run(())).is_err());
        runtime.slept()
    };
    assert_eq!(slept(Jitter::None), [50 * MS]);
    assert_eq!(slept(Jitter::Full), [25 * MS]);
    assert_eq!(slept(Jitter::Equal), [Duration::from_micros(37_500)]);
}

#[test]
fn retry_1_arithmetic_saturates() {
    let script = Script::new((0..99).map(|_| Err("no")).chain([Ok(7)]));
    let options = options(unlimited(), exponential_by(Duration::MAX / 2, 1e9));
    let pipeline = retrying!((), Ignores, options, |(), ()| script.call());
    let runtime = Instantly::default();
    assert_eq!(at_once(pipeline.on(&runtime).run(())).unwrap(), 7);
    assert_eq!(runtime.slept()[..2], [Duration::MAX / 2, Duration::MAX]);
    assert_eq!(runtime.slept().last(), Some(&Duration::MAX));
}

#[test]
fn retry_1_when_the_delays_end_so_do_the_attempts() {
    let script = Script::fails();
    let options = options(unlimited(), [MS, 2 * MS].into_iter());
    let pipeline = retrying!((), Ignores, options, |(), ()| script.call());
    for runs in 1..3 {
        let runtime = Instantly::default();
        assert_eq!(at_once(pipeline.on(&runtime).run(())).unwrap_err().attempts(), 3);
        assert_eq!(script.calls(), 3 * runs, "each run has all the delays");
        assert_eq!(runtime.slept(), [MS, 2 * MS]);
    }
}

#[test]
fn retry_1_takes_any_builder_of_backon() {
    let builder = backon::ConstantBuilder::new().with_delay(MS).with_max_times(4);
    let pipeline = retrying!((), Ignores, options(unlimited(), builder), |(), ()| Err::<(), _>("no"));
    let runtime = Instantly::default();
    assert_eq!(at_once(pipeline.on(&runtime).run(())).unwrap_err().attempts(), 5);
    assert_eq!(runtime.slept(), [MS; 4]);
}

#[tokio::test(start_paused = true)]
async fn retry_1_waits_on_the_paused_clock() {
    let script = Script::new([Err("no"), Err("no"), Err("no"), Ok(7)]);
    let pipeline = retrying!((), Ignores, options(4, exponential(100 * MS)), |(), ()| script.call());
    let start = Instant::now();
    assert_eq!(pipeline.run(()).await.unwrap(), 7);
    assert_eq!(start.elapsed(), 700 * MS);
}

#[test]
fn retry_1_the_defaults() {
    let options = Values {
        max_attempts: default::max_attempts(),
        max_elapsed: default::max_elapsed(),
        backoff: default::backoff(),
        max_delay: default::max_delay(),
        jitter: default::jitter(),
        rejections: default::rejections(),
        budget: default::budget(),
    };
    assert_eq!(
        format!("{options:?}"),
        "Values { max_attempts: 3, max_elapsed: NoLimit, max_delay: None, jitter: Full, rejections: false, budget: NoBudget, .. }"
    );
    assert_eq!(format!("{:?}", options.backoff), format!("{:?}", exponential(100 * MS)));
}

#[test]
fn stops_6_zero_attempts_panic_with_option_and_place() {
    let panic = catch_unwind(|| {
        let _ = retrying!((), Ignores, options(0, constant(NOW)), |(), ()| ());
    });
    let message = Panicked::from_payload(&*panic.unwrap_err());
    assert_eq!(message.message(), "block `retry`: `max_attempts` must be at least 1, at test.rs:1:1");
}

#[test]
fn retry_2_what_is_retried_without_when() {
    let retried = |kind| Error::<BoxError>::new(kind, Origin::block(&RETRY)).is_retryable();
    assert!(retried(ErrorKind::Task("no".into())));
    assert!(retried(ErrorKind::TimedOut));
    assert!(retried(ErrorKind::Panicked(Panicked::new("oh"))));
    assert!(!retried(ErrorKind::CircuitOpen { retry_after: MS, last_failure: None, isolated: false }));
    assert!(!retried(ErrorKind::CircuitHalfOpen));
    assert!(!retried(ErrorKind::Rejected));
    assert!(!retried(ErrorKind::Cancelled));
}

#[test]
fn retry_2_when_decides_of_those_that_are_retried() {
    let script = Script::new([Err("again"), Err("again"), Err("enough"), Ok(7)]);
    let options = options_when(9, constant(NOW), |error| error.task().unwrap().to_string() == "again");
    let pipeline = retrying!((), Ignores, options, |(), ()| script.call());
    let error = at_once(pipeline.run(())).unwrap_err();
    assert_eq!(error.to_string(), "step `retry/work` failed after 3 attempts: enough");
}

#[test]
fn retry_2_when_is_not_asked_about_the_last_attempt() {
    let asked = AtomicU32::new(0);
    let options = options_when(3, constant(NOW), |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        true
    });
    let pipeline = retrying!((), Ignores, options, |(), ()| Err::<(), _>("no"));
    assert!(at_once(pipeline.run(())).is_err());
    assert_eq!(asked.into_inner(), 2);
}

#[test]
fn retry_attempts_are_those_of_the_innermost() {
    static OUTER: Meta = crate::testing::block(0, None, "retry");
    static INNER: Meta = crate::testing::block(1, Some(&OUTER), "retry");
    static WORK: Meta = step(2, Some(&INNER), "work");
    let script = Script::fails();
    let builder = Builder::<(), (), BoxError>::new();
    let (outer, outer_feed) = enter(&builder, Ignores);
    let (inner, inner_feed) = enter(&outer, Ignores);
    let work = inline_sync!(inner, &WORK, |(), ()| script.call());
    let body = retry(&outer, &INNER, options(3, constant(NOW)), inner_feed, work);
    let step = retry(&builder, &OUTER, options(2, constant(NOW)), outer_feed, body);
    let error = at_once(Plan::of((), builder, step).pipeline().run(())).unwrap_err();
    assert_eq!((error.attempts(), script.calls()), (3, 6));
}

#[derive(Debug)]
struct Counted<'c>(u32, &'c AtomicU32);

impl Clone for Counted<'static> {
    fn clone(&self) -> Self {
        self.1.fetch_add(1, Ordering::Relaxed);
        Counted(self.0, self.1)
    }
}

#[test]
fn flow_7_there_is_a_clone_for_each_further_attempt() {
    // Attempts allowed, attempts that fail, clones.
    for (max_attempts, failures, expected) in
        [(1, 1, 0), (3, 0, 1), (3, 1, 2), (3, 2, 2), (3, 3, 2), (2, 1, 1)]
    {
        let clones: &'static AtomicU32 = Box::leak(Box::default());
        let script = Script::new((0..failures).map(|_| Err("no")).chain([Ok(7)]));
        let options = options(max_attempts, constant(NOW));
        let pipeline = retrying!(Counted<'static>, Uses, options, |(), input| {
            assert_eq!(input.0, 9);
            script.call()
        });
        assert_eq!(at_once(pipeline.run(Counted(9, clones))).is_err(), failures == max_attempts);
        assert_eq!(clones.load(Ordering::Relaxed), expected, "{max_attempts} {failures}");
    }
}

#[test]
fn flow_7_what_the_body_ignores_need_not_be_clone() {
    struct NotClone;
    let script = Script::new([Err("no"), Ok(7)]);
    let pipeline = retrying!(NotClone, Ignores, options(2, constant(NOW)), |(), ()| script.call());
    assert_eq!(at_once(pipeline.run(NotClone)).unwrap(), 7);
}

#[tokio::test]
async fn stops_2_a_retry_that_never_waits_starves_nobody() {
    let pipeline = retrying!((), Ignores, options(unlimited(), constant(NOW)), |(), ()| Err::<(), _>("no"));
    let waited = tokio::time::timeout(5 * MS, pipeline.run(())).await;
    assert!(waited.is_err(), "it cannot end, so it was stopped");
}

#[tokio::test(start_paused = true)]
async fn stops_1_a_drop_ends_it_between_two_attempts() {
    let script = Script::fails();
    let options = options(3, constant(1_000 * MS));
    let pipeline = retrying!((), Ignores, options, |(), ()| script.call()).with_bus(Recorder::default());
    assert!(tokio::time::timeout(MS, pipeline.run(())).await.is_err());
    assert_eq!(script.calls(), 1);
    assert_eq!(
        pipeline.bus().take(),
        [
            "retry started",
            "retry/work running",
            "retry/work failed",
            "retry retrying work as 2 in 1s",
            "retry cancelled",
        ]
    );
}

#[tokio::test]
async fn stops_1_a_drop_ends_the_attempt() {
    let builder = Builder::<(), (), BoxError>::new();
    let (inner, feed) = enter(&builder, Ignores);
    let body = inline_async!(inner, &WORK, |(), ()| std::future::pending::<()>());
    let step = retry(&builder, &RETRY, options(3, constant(NOW)), feed, body);
    let pipeline = Plan::of((), builder, step).pipeline().with_bus(Recorder::default());
    assert!(tokio::time::timeout(MS, pipeline.run(())).await.is_err());
    assert_eq!(
        pipeline.bus().take(),
        ["retry started", "retry/work running", "retry/work cancelled", "retry cancelled"]
    );
}

#[test]
fn events_3_retrying_follows_the_failure_and_names_step_attempt_and_delay() {
    let script = Script::new([Err("no"), Err("no"), Ok(7)]);
    let pipeline = retrying!((), Ignores, options(3, constant(NOW)), |(), ()| script.call())
        .with_bus(Recorder::default());
    assert_eq!(at_once(pipeline.run(())).unwrap(), 7);
    assert_eq!(
        pipeline.bus().take(),
        [
            "retry started",
            "retry/work running",
            "retry/work failed",
            "retry retrying work as 2 in 0ns",
            "retry/work running [2]",
            "retry/work failed [2]",
            "retry retrying work as 3 in 0ns",
            "retry/work running [3]",
            "retry/work succeeded [3]",
            "retry succeeded",
        ]
    );
}

#[test]
fn events_3_there_is_no_retrying_after_the_last_attempt() {
    let pipeline = retrying!((), Ignores, options(1, constant(NOW)), |(), ()| Err::<(), _>("no"))
        .with_bus(Recorder::default());
    assert!(at_once(pipeline.run(())).is_err());
    assert_eq!(
        pipeline.bus().take(),
        ["retry started", "retry/work running", "retry/work failed", "retry failed"]
    );
}

#[test]
fn stops_4_a_panic_of_the_body_goes_through_and_fails_the_block() {
    let script = Script::new([Err("no")]);
    let pipeline = retrying!((), Ignores, options(3, constant(NOW)), |(), ()| {
        script.call().map_err(|_| assert!(script.calls() < 2, "oh")).map_err(|()| "no")
    })
    .with_bus(Recorder::default());
    let panic = catch_unwind(AssertUnwindSafe(|| at_once(pipeline.run(()))));
    assert_eq!(Panicked::from_payload(&*panic.unwrap_err()).message(), "oh");
    assert_eq!(
        pipeline.bus().take(),
        [
            "retry started",
            "retry/work running",
            "retry/work failed",
            "retry retrying work as 2 in 0ns",
            "retry/work running [2]",
            "retry/work failed [2]",
            "retry failed",
        ]
    );
}

#[test]
fn stops_4_a_panic_of_when_fails_the_block() {
    let options = options_when(3, constant(NOW), |_| panic!("oh"));
    let pipeline = retrying!((), Ignores, options, |(), ()| Err::<(), _>("no")).with_bus(Recorder::default());
    assert!(catch_unwind(AssertUnwindSafe(|| at_once(pipeline.run(())))).is_err());
    assert_eq!(
        pipeline.bus().take(),
        ["retry started", "retry/work running", "retry/work failed", "retry failed"]
    );
}

#[test]
fn events_6_unobserved_it_reads_no_clock() {
    let pipeline = retrying!((), Ignores, options(3, constant(MS)), |(), ()| Err::<(), _>("no"));
    let runtime = Instantly::default();
    assert!(at_once(pipeline.on(&runtime).run(())).is_err());
    assert_eq!(runtime.clock_readings.into_inner(), 0);
}

#[test]
fn the_graph_has_the_body_inside() {
    let pipeline = retrying!((), Ignores, options(3, constant(MS)), |(), ()| ());
    assert_eq!(pipeline.graph().to_string(), "retry\n└─ work");
}
