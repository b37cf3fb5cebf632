//! Ten thousand runs at once, on several threads, across a trip and a recovery.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_orch::{
    Attempt, BoxFuture, Breaker, BreakerState, CircuitState, Done, Event, Local, Runtime, bus, pipeline, task,
};

use common::Oops;

mod common;

const RUNS: usize = 10_000;
const HOUR: Duration = Duration::from_secs(3_600);

static HEALTHY: AtomicBool = AtomicBool::new(false);
static BODIES: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn call() -> Result<(), Oops> {
    BODIES.fetch_add(1, SeqCst);
    tokio::task::yield_now().await;
    if HEALTHY.load(SeqCst) { Ok(()) } else { Err(Oops("down")) }
}

static HOURS: AtomicU32 = AtomicU32::new(0);

/// A clock that can be put forward.
struct Later;

impl Runtime for Later {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> Instant {
        Local.now() + HOUR * HOURS.load(SeqCst)
    }

    fn random(&self) -> u64 {
        Local.random()
    }
}

#[derive(Default)]
struct Seen {
    rejected: AtomicU32,
    tripped: AtomicU32,
    changes: Mutex<Vec<(CircuitState, CircuitState)>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_admitted_rejected_and_probed_is_told_exactly() {
    for by_rate in [false, true] {
        HEALTHY.store(false, SeqCst);
        BODIES.store(0, SeqCst);
        let builder = Breaker::builder().reset_timeout(HOUR).wait(true);
        let builder = if by_rate { builder.failure_rate(0.5).window(100) } else { builder.fail_max(5) };
        let breaker = builder.build();
        let seen = Arc::new(Seen::default());
        let count = seen.clone();
        let bus = bus::from_fn(move |event: &Event<'_>| {
            let Some(told) = event.circuit() else { return };
            if told.rejected {
                count.rejected.fetch_add(1, SeqCst);
            } else {
                count.tripped.fetch_add(u32::from(told.tripped), SeqCst);
                count.changes.lock().unwrap().push((told.old_state, told.new_state));
            }
        });
        let shared = breaker.clone();
        let p = Arc::new(pipeline! { move circuit(breaker = shared) < call() > }.with_bus(bus));

        let (mut rejected, mut failed, mut succeeded) = (0, 0, 0);
        // The second time runs wait for the one that probes.
        for healthy in [false, true] {
            HEALTHY.store(healthy, SeqCst);
            let runs: Vec<_> = (0..RUNS)
                .map(|_| {
                    let p = p.clone();
                    tokio::spawn(async move { p.on(&Later).run(()).await })
                })
                .collect();
            for run in runs {
                match run.await.unwrap() {
                    Ok(()) => succeeded += 1,
                    Err(error) if error.kind().is_rejection() => rejected += 1,
                    Err(_) => failed += 1,
                }
            }
            if !healthy {
                assert!(matches!(breaker.state(), BreakerState::Open { .. }));
                HOURS.fetch_add(2, SeqCst);
            }
        }
        assert_eq!(rejected + failed + succeeded, 2 * RUNS);
        assert_eq!(BODIES.load(SeqCst), failed + succeeded);
        assert_eq!(seen.rejected.load(SeqCst) as usize, rejected);
        assert_eq!(seen.tripped.load(SeqCst), 1);
        assert_eq!(succeeded, RUNS);
        let mut changes = seen.changes.lock().unwrap().clone();
        changes.sort_by_key(|(old, _)| *old as u8);
        assert_eq!(
            changes,
            [
                (CircuitState::Closed, CircuitState::Open),
                (CircuitState::Open, CircuitState::HalfOpen),
                (CircuitState::HalfOpen, CircuitState::Closed)
            ]
        );
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    }
}
