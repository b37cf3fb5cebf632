//! The user's own code at a circuit: clocks, wakers, values and errors that look at the breaker, or panic.

use std::fmt;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use async_orch::bus::{self, Recorder};
use async_orch::{
    Attempt, BoxFuture, Breaker, BreakerState, CircuitState, Done, Event, Local, Run, Runtime, pipeline, task,
};
use futures::FutureExt as _;
use tokio::time::{advance, sleep};

use common::{Oops, Trace, What, at_once, every_execution_ends_once, poll_once};

mod common;

const RESET: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(1);

/// A clock that looks at the breaker, in every way, whenever it is read.
struct Nosy {
    breaker: Breaker,
    readings: AtomicU32,
}

impl Runtime for Nosy {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Local.execute(attempt)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        look_at(&self.breaker);
        Local.sleep(duration)
    }

    fn now(&self) -> std::time::Instant {
        self.readings.fetch_add(1, SeqCst);
        look_at(&self.breaker);
        Runtime::now(&Local)
    }

    fn random(&self) -> u64 {
        0
    }
}

fn look_at(breaker: &Breaker) {
    let _ =
        (breaker.state(), breaker.failures(), breaker.last_failure(), format!("{breaker:?} {breaker:#?}"));
}

/// What a call is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Succeed,
    Fail,
    Hang,
}

#[task]
async fn act(act: Act) -> Result<(), Oops> {
    sleep(TICK).await;
    match act {
        Act::Succeed => Ok(()),
        Act::Fail => Err(Oops("down")),
        Act::Hang => pending().await,
    }
}

/// The whole life of a circuit: if anything calls the clock with the lock held, it does not end.
#[tokio::test(start_paused = true)]
async fn the_clock_may_look_at_the_breaker() {
    for wait in [false, true] {
        let breaker = Breaker::builder().fail_max(2).reset_timeout(RESET).wait(wait).build();
        let rt = Nosy { breaker: breaker.clone(), readings: AtomicU32::new(0) };
        let p = pipeline! { |_: Act| circuit(breaker = &breaker) < act > };
        let run = |act| p.on(&rt).run(act);
        run(Act::Succeed).await.unwrap();
        for _ in 0..2 {
            run(Act::Fail).await.unwrap_err();
        }
        run(Act::Succeed).await.unwrap_err();
        advance(RESET).await;
        run(Act::Fail).await.unwrap_err();
        advance(RESET).await;
        let (probe, other) = tokio::join!(run(Act::Succeed), run(Act::Succeed));
        assert_eq!((probe.is_ok(), other.is_ok()), (true, wait));
        breaker.force_open();
        run(Act::Succeed).await.unwrap_err();
        advance(RESET).await;
        for _ in 0..3 {
            let mut probe = Box::pin(run(Act::Hang));
            assert!(poll_once(probe.as_mut()).is_pending());
        }
        advance(RESET).await;
        let (probe, waits) = tokio::join!(run(Act::Fail), run(Act::Succeed));
        assert!(probe.is_err() && waits.is_err());
        breaker.isolate();
        run(Act::Succeed).await.unwrap_err();
        breaker.reset();
        run(Act::Succeed).await.unwrap();
        assert!(rt.readings.load(SeqCst) > 10);
    }
}

/// A clock that does more than look.
#[tokio::test(start_paused = true)]
async fn the_clock_may_change_the_breaker() {
    struct Meddles(Breaker, AtomicBool);

    impl Runtime for Meddles {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Local.execute(attempt)
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
            Local.sleep(duration)
        }

        fn now(&self) -> std::time::Instant {
            if self.1.load(SeqCst) {
                self.0.force_close();
            }
            Runtime::now(&Local)
        }

        fn random(&self) -> u64 {
            0
        }
    }

    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
    let rt = Meddles(breaker.clone(), AtomicBool::new(false));
    let p = pipeline! { |_: Act| circuit(breaker = &breaker) < act > };
    // It is closed by the time that the run looks again, or that it reports.
    breaker.force_open();
    rt.1.store(true, SeqCst);
    p.on(&rt).run(Act::Succeed).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
    rt.1.store(false, SeqCst);
    for end in [Act::Succeed, Act::Fail, Act::Hang] {
        breaker.force_open();
        advance(RESET).await;
        let mut probe = Box::pin(p.on(&rt).run(end));
        assert!(poll_once(probe.as_mut()).is_pending());
        rt.1.store(true, SeqCst);
        advance(TICK).await;
        let _ = poll_once(probe.as_mut());
        drop(probe);
        rt.1.store(false, SeqCst);
        assert_eq!(breaker.state(), BreakerState::Closed, "{end:?}");
    }
}

/// Whoever a waker belongs to: to clone, to wake and to drop it may come back to the breaker.
#[tokio::test(start_paused = true)]
async fn wakers_may_look_at_the_breaker() {
    struct Looks(Breaker);

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            look_at(&self.0);
        }
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            look_at(&self.0);
        }
    }

    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).wait(true).build();
    let p = pipeline! { |_: Act| circuit(breaker = &breaker) < act > };
    // Each poll has a waker of its own, so that the circuit has the last of it.
    macro_rules! poll {
        ($run:expr) => {
            $run.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Looks(breaker.clone())))))
        };
    }
    for change in
        [Breaker::force_close, Breaker::force_open, Breaker::isolate, Breaker::reset, |_: &Breaker| {}]
    {
        breaker.force_open();
        advance(RESET).await;
        let mut probe = Box::pin(p.run(Act::Hang));
        assert!(poll!(probe).is_pending());
        let mut waits: Vec<_> = (0..4).map(|_| Box::pin(p.run(Act::Hang))).collect();
        for run in waits.iter_mut().chain([&mut probe]) {
            for _ in 0..3 {
                assert!(poll!(run).is_pending());
            }
        }
        drop(waits.remove(1));
        change(&breaker);
        drop(probe);
        drop(waits.remove(0));
        for run in &mut waits {
            let _ = poll!(run);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bus_and_a_predicate_may_look_at_the_breaker() {
    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
    let looks = bus::from_fn(|_: &Event<'_>| look_at(&breaker));
    let p = pipeline! {
        |_: Act|
        circuit(breaker = &breaker, ignore = |error| {
            look_at(&breaker);
            error.to_string().is_empty()
        }) < act >
    };
    let p = p.with_bus(&looks);
    for _ in 0..3 {
        p.run(Act::Fail).await.unwrap_err();
        p.run(Act::Succeed).await.unwrap_err();
        advance(RESET).await;
        let mut probe = Box::pin(p.run(Act::Hang));
        assert!(poll_once(probe.as_mut()).is_pending());
        p.run(Act::Succeed).await.unwrap_err();
        drop(probe);
        p.run(Act::Succeed).await.unwrap();
    }
}

/// A value whose drop panics.
struct Bomb(Arc<AtomicBool>);

impl Bomb {
    fn armed() -> Self {
        Bomb(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0.swap(false, SeqCst) {
            panic!("in a drop");
        }
    }
}

#[task]
async fn hold(bomb: Bomb) {
    bomb.0.store(false, SeqCst);
    pending().await
}

/// Turned away in every way there is: the block fails with the panic, and has its end.
#[tokio::test(start_paused = true)]
async fn a_value_whose_drop_panics_when_it_is_turned_away_is_a_panic_of_the_block() {
    for how in ["open", "isolated", "half-open", "for ever", "waited"] {
        let trace = Trace::default();
        let reset = if how == "for ever" { Duration::MAX } else { RESET };
        let breaker = Breaker::builder().fail_max(1).reset_timeout(reset).wait(how == "waited").build();
        let p = pipeline! { |_: Bomb| circuit(breaker = &breaker) < hold > };
        breaker.force_open();
        let harmless = || Bomb(Arc::new(AtomicBool::new(false)));
        let mut probe = Box::pin(p.run(harmless()));
        match how {
            "isolated" => breaker.isolate(),
            "half-open" | "waited" => {
                advance(RESET).await;
                assert!(poll_once(probe.as_mut()).is_pending());
            }
            _ => {}
        }
        // So that the change by the handle has been seen.
        let _ = poll_once(pin!(p.run(harmless())));

        let watched = (&p).with_bus(&trace);
        let mut run = Box::pin(watched.run(Bomb::armed()));
        if how == "waited" {
            assert!(poll_once(run.as_mut()).is_pending());
            breaker.isolate();
        }
        let panic = AssertUnwindSafe(run).catch_unwind().await.expect_err(how);
        assert_eq!(panic.downcast_ref(), Some(&"in a drop"), "{how}");
        let events = trace.take();
        every_execution_ends_once(&events);
        assert_eq!(events.last().map(|seen| seen.what), Some(What::Failed), "{how}: {events:?}");
        assert!(events.iter().any(|seen| matches!(seen.what, What::Circuit { rejected: true, .. })), "{how}");
        if how == "half-open" {
            assert_eq!(breaker.state(), BreakerState::HalfOpen, "nothing of the breaker's is lost");
        }
        drop(probe);
    }
}

/// Given up while it waits: its place is free all the same.
#[tokio::test(start_paused = true)]
async fn a_value_whose_drop_panics_while_it_waits_leaves_its_place() {
    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).wait(true).build();
    let p = pipeline! { |_: Bomb| circuit(breaker = &breaker) < hold > };
    let trace = Trace::default();
    let watched = (&p).with_bus(&trace);
    breaker.force_open();
    advance(RESET).await;
    let mut probe = Box::pin(p.run(Bomb::armed()));
    assert!(poll_once(probe.as_mut()).is_pending());
    let mut waits = Box::pin(watched.run(Bomb::armed()));
    assert!(poll_once(waits.as_mut()).is_pending());
    let mut next = Box::pin(p.run(Bomb::armed()));
    assert!(poll_once(next.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(waits))).is_err());
    every_execution_ends_once(&trace.take());
    drop(probe);
    assert!(poll_once(next.as_mut()).is_pending());
    let p = pipeline! { circuit(breaker = &breaker) < |()| {} > };
    let waits = Box::pin(p.run(()));
    drop(next);
    waits.await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

/// An error that panics when it is shown, with a value that panics when it is dropped.
#[derive(Debug)]
struct Worst(Arc<AtomicBool>);

impl fmt::Display for Worst {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_any(Bomb(self.0.clone()))
    }
}

impl std::error::Error for Worst {}

#[test]
fn an_error_whose_text_panics_with_what_panics_opens_the_circuit_all_the_same() {
    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
    let p = pipeline! {
        circuit(breaker = &breaker) < |()| { Err::<(), _>(Worst(Arc::new(AtomicBool::new(true)))) } >
    };
    let error = at_once(p.run(())).unwrap_err();
    assert!(error.is::<Worst>());
    assert_eq!(breaker.state().kind(), CircuitState::Open);
    assert!(breaker.last_failure().unwrap().contains("panicked"));
}

#[test]
fn so_it_does_where_the_text_is_made_while_a_panic_goes_by() {
    // The body panics while it is polled, and the circuit reports that from a drop.
    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
    let p = pipeline! {
        circuit(breaker = &breaker) < async |()| { if breaker.failures() == 0 { panic_any(Bomb::armed()) } } >
    };
    let panic = catch_unwind(AssertUnwindSafe(|| at_once(p.run(())))).expect_err("it panics");
    assert_eq!(breaker.last_failure().unwrap().as_str(), "panicked");
    assert!(catch_unwind(AssertUnwindSafe(|| drop(panic))).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_panics_is_a_panic_of_the_run_and_leaves_the_breaker_usable() {
    struct Stops(Mutex<bool>);

    impl Runtime for Stops {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Local.execute(attempt)
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
            Local.sleep(duration)
        }

        fn now(&self) -> std::time::Instant {
            assert!(!*self.0.lock().unwrap_or_else(|lock| lock.into_inner()), "no time");
            Runtime::now(&Local)
        }

        fn random(&self) -> u64 {
            0
        }
    }

    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).wait(true).build();
    let rt = Stops(Mutex::new(false));
    let p = pipeline! { |_: Act| circuit(breaker = &breaker) < act > };
    breaker.force_open();
    advance(RESET).await;
    let mut probe = Box::pin(p.run(Act::Hang));
    assert!(poll_once(probe.as_mut()).is_pending());
    let mut waits = Box::pin(p.on(&rt).run(Act::Succeed));
    assert!(poll_once(waits.as_mut()).is_pending());
    *rt.0.lock().unwrap() = true;
    assert!(AssertUnwindSafe(waits).catch_unwind().await.is_err());
    assert!(AssertUnwindSafe(p.on(&rt).run(Act::Succeed)).catch_unwind().await.is_err());
    drop(probe);
    p.run(Act::Succeed).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn recorders_are_balanced_after_all_that() {
    let recorder = Recorder::new();
    let breaker = Breaker::builder().fail_max(1).reset_timeout(RESET).build();
    let p = pipeline! { |_: Bomb| circuit(breaker = &breaker) < hold > };
    let p = p.with_bus(&recorder);
    breaker.force_open();
    assert!(AssertUnwindSafe(p.run(Bomb::armed())).catch_unwind().await.is_err());
    recorder.assert_balanced();
}
