//! The rules of `catch`, each by name.

use std::future::{Future, pending};
use std::panic::panic_any;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use super::{Options, catch, enter};
use crate::blocks::{circuit, retry};
use crate::build::builder::Builder;
use crate::build::feed::Ignores;
use crate::build::plan::Plan;
use crate::build::scope::{Point, RefOf};
use crate::error::{BoxError, Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::Meta;
use crate::run::Step;
use crate::run::{Cx, Here};
use crate::testing::{Recorder, at_once, block, inline_async, inline_sync, step};

static CATCH: Meta = block(0, None, "catch");
static WORK: Meta = step(1, Some(&CATCH), "work");
static BESIDE: Meta = step(2, Some(&CATCH), "beside");

/// `catch < body >`, the body made with the token.
macro_rules! catching {
    (|$inner:ident| $body:expr) => {{
        let builder = Builder::<(), (), BoxError>::new();
        let ($inner, feed) = enter(&builder, Ignores);
        let body = $body;
        Plan::of((), builder, catch(&builder, &CATCH, Options { error: builder.error() }, feed, body))
            .pipeline()
    }};
}

fn panics() -> bool {
    CATCH.index == 0
}

/// Polls two steps, one after the other.
struct Both<A, B>(A, B);

impl<P: Point<In = ()>, E: Failure, A: Step<P, E>, B: Step<P, E>> Step<P, E> for Both<A, B> {
    type Out = ();
    type Asks = crate::run::No;

    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        (): (),
        here: H,
    ) -> impl Future<Output = Result<(), Error<E>>> + Send + 'a {
        let (mut one, mut other) =
            (Box::pin(self.0.enter(scope, (), here)), Box::pin(self.1.enter(scope, (), here)));
        std::future::poll_fn(move |cx| {
            let _ = one.as_mut().poll(cx);
            other.as_mut().poll(cx).map_ok(|_| ())
        })
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.0.queue(cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
        self.1.describe(graph);
    }
}

#[test]
fn stops_4_an_inline_panic_becomes_an_error() {
    let pipeline = catching!(|builder| inline_sync!(builder, &WORK, |(), ()| assert!(!panics(), "oh {}", 7)));
    let pipeline = pipeline.with_bus(Recorder::default());
    let mut run = Box::pin(pipeline.run(()));
    let error = at_once(run.as_mut()).unwrap_err();
    assert_eq!(error.to_string(), "block `catch` panicked: oh 7");
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "oh 7"));
    drop(run);
    let expected = ["catch started", "catch/work running", "catch/work failed", "catch failed"];
    assert_eq!(pipeline.bus().take(), expected);
}

#[test]
fn stops_4_a_panic_while_the_body_starts_becomes_an_error() {
    let pipeline = catching!(|builder| inline_async!(builder, &WORK, |(), ()| {
        assert!(!panics(), "oh");
        async {}
    }));
    let pipeline = pipeline.with_bus(Recorder::default());
    assert_eq!(at_once(pipeline.run(())).unwrap_err().to_string(), "block `catch` panicked: oh");
    let expected = ["catch started", "catch/work running", "catch/work failed", "catch failed"];
    assert_eq!(pipeline.bus().take(), expected);
}

#[test]
fn stops_4_siblings_of_the_panic_are_cancelled_before_the_block_fails() {
    struct OnDrop<'d>(&'d AtomicBool);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let dropped = AtomicBool::new(false);
    let pipeline = catching!(|builder| Both(
        inline_async!(builder, &BESIDE, |(), ()| async {
            let _on_drop = OnDrop(&dropped);
            pending::<()>().await;
        }),
        inline_sync!(builder, &WORK, |(), ()| assert!(!panics(), "oh")),
    ));
    let pipeline = pipeline.with_bus(Recorder::default());
    let mut run = Box::pin(pipeline.run(()));
    assert!(at_once(run.as_mut()).is_err());
    assert!(dropped.load(Ordering::Relaxed), "in the same poll");
    assert_eq!(
        pipeline.bus().take(),
        [
            "catch started",
            "catch/beside running",
            "catch/work running",
            "catch/work failed",
            "catch/beside cancelled",
            "catch failed",
        ]
    );
}

#[test]
fn results_and_errors_pass() {
    let pipeline = catching!(|builder| inline_sync!(builder, &WORK, |(), ()| 7));
    assert_eq!(at_once(pipeline.run(())).unwrap(), 7);
    let pipeline = catching!(|builder| inline_sync!(builder, &WORK, |(), ()| Err::<(), _>("no")));
    assert_eq!(at_once(pipeline.run(())).unwrap_err().to_string(), "step `catch/work` failed: no");
}

#[test]
fn stops_1_a_drop_is_a_cancellation() {
    let pipeline = catching!(|builder| inline_async!(builder, &WORK, |(), ()| pending::<()>()));
    let pipeline = pipeline.with_bus(Recorder::default());
    assert!(pin!(pipeline.run(())).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let expected = ["catch started", "catch/work running", "catch/work cancelled", "catch cancelled"];
    assert_eq!(pipeline.bus().take(), expected);
}

#[test]
fn destructors_that_panic_are_caught_too() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("and again");
        }
    }
    let pipeline = catching!(|builder| Both(
        inline_async!(builder, &BESIDE, |(), ()| async {
            let _grenade = Grenade;
            pending::<()>().await;
        }),
        inline_sync!(builder, &WORK, |(), ()| assert!(!panics(), "oh")),
    ));
    let pipeline = pipeline.with_bus(Recorder::default());
    assert_eq!(at_once(pipeline.run(())).unwrap_err().to_string(), "block `catch` panicked: oh");
    assert_eq!(pipeline.bus().take().last().unwrap(), "catch failed");

    let pipeline = catching!(|builder| inline_sync!(builder, &WORK, |(), ()| if panics() {
        panic_any(Grenade)
    }));
    let error = at_once(pipeline.run(())).unwrap_err();
    assert_eq!(error.to_string(), "block `catch` panicked: with a value that is not text");
}

#[test]
fn stops_4_a_circuit_inside_counts_a_failure() {
    static CIRCUIT: Meta = block(1, Some(&CATCH), "circuit");
    static WORK: Meta = step(2, Some(&CIRCUIT), "work");
    let breaker = circuit::Breaker::new();
    let pipeline = catching!(|builder| {
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
        let work = inline_sync!(builder, &WORK, |(), ()| assert!(!panics()));
        circuit::circuit(&builder, &CIRCUIT, options, (), work)
    });
    assert!(at_once(pipeline.run(())).is_err());
    assert_eq!(breaker.failures(), 1);
}

#[test]
fn retry_2_a_caught_panic_is_retried() {
    static RETRY: Meta = block(3, None, "retry");
    let calls = std::sync::atomic::AtomicU32::new(0);
    let builder = Builder::<(), (), BoxError>::new();
    let (outer, outer_feed) = retry::enter(&builder, Ignores);
    let (inner, feed) = enter(&outer, Ignores);
    let work = inline_sync!(inner, &WORK, |(), ()| assert!(calls.fetch_add(1, Ordering::Relaxed) == 2, "oh"));
    let body = catch(&outer, &CATCH, Options { error: builder.error() }, feed, work);
    let options = retry::Options {
        error: builder.error(),
        values: builder.once(
            retry::Values {
                max_attempts: retry::default::max_attempts(),
                backoff: crate::blocks::backoff::Backoff::new(crate::blocks::backoff::constant(
                    std::time::Duration::ZERO,
                )),
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
    assert!(at_once(pipeline.run(())).is_ok());
}

#[test]
fn a_body_that_waits_is_polled_again() {
    let yielded = AtomicBool::new(false);
    let pipeline = catching!(|builder| inline_async!(builder, &WORK, |(), ()| std::future::poll_fn(|_| {
        if yielded.swap(true, Ordering::Relaxed) { panic!("oh") } else { Poll::<()>::Pending }
    })));
    let mut run = pin!(pipeline.run(()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    assert!(matches!(run.as_mut().poll(&mut context), Poll::Ready(Err(_))));
}
