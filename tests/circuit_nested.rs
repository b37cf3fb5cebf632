//! A circuit inside of another one of the same breaker.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{BoxError, BoxPipeline, Breaker, BreakerState, Error, ErrorKind, pipeline, task};
use futures::FutureExt as _;
use tokio::time::{Instant, advance, sleep};

use common::{Oops, Trace, at_once, poll_once};

mod common;

const RESET: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(1);

/// Waits, counts, and fails the first so many times.
#[task]
async fn call(calls: Arc<AtomicU32>, failures: u32) -> Result<(), Oops> {
    sleep(TICK).await;
    if calls.fetch_add(1, SeqCst) < failures { Err(Oops("down")) } else { Ok(()) }
}

/// Half-open as soon as a run comes.
async fn due() -> Breaker {
    due_of(Breaker::builder()).await
}

async fn due_of(builder: async_orch::BreakerBuilder) -> Breaker {
    let breaker = builder.fail_max(2).reset_timeout(RESET).build();
    breaker.force_open();
    advance(RESET).await;
    breaker
}

#[track_caller]
fn is_half_open<T>(result: Result<T, Error>) {
    assert!(matches!(result.map(drop).unwrap_err().kind(), ErrorKind::CircuitHalfOpen));
}

#[tokio::test(start_paused = true)]
async fn circuit_11_a_circuit_inside_of_its_own_probe_is_a_part_of_it() {
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let p =
        pipeline! { circuit(breaker = &breaker) < circuit(breaker = &breaker) < call(calls.clone(), 0) > > };
    p.run(()).await.unwrap();
    assert_eq!((breaker.state(), calls.load(SeqCst)), (BreakerState::Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn circuit_11_so_it_is_at_any_depth_and_through_every_block() {
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let p = pipeline! {
        circuit(breaker = &breaker) < retry < timeout(1s) < catch < seq <
            par <
                circuit(breaker = &breaker) < circuit(breaker = &breaker) < call(calls.clone(), 0) > >
                seq < call(calls.clone(), 0) circuit(breaker = &breaker) < call(calls.clone(), 0) > >
            >
            |_| { vec![(); 20] }
            each < circuit(breaker = &breaker) < call(calls.clone(), 0) > >
            |_| {}
        > > > > >
    };
    p.run(()).await.unwrap();
    assert_eq!((breaker.state(), calls.load(SeqCst)), (BreakerState::Closed, 23));
}

#[tokio::test(start_paused = true)]
async fn circuit_11_so_it_is_in_embedded_and_in_boxed_pipelines_and_in_futures_of_ones_own() {
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let embedded = pipeline! { circuit(breaker = &breaker) < call(calls.clone(), 0) > };
    let boxed: BoxPipeline<'_, (), ()> =
        pipeline! { circuit(breaker = &breaker) < call(calls.clone(), 0) > }.boxed();
    let p = pipeline! {
        circuit(breaker = &breaker) <
            { &embedded }
            async |_| { boxed.run(()).await.map_err(|error| BoxError::from(error.to_string())) }
            async |_| {
                let (one, other) = tokio::join!(embedded.run(()), boxed.run(()));
                one.and(other).map_err(|error| BoxError::from(error.to_string()))
            }
        >
    };
    p.run(()).await.unwrap();
    assert_eq!((breaker.state(), calls.load(SeqCst)), (BreakerState::Closed, 4));
}

#[tokio::test(start_paused = true)]
async fn circuit_11_what_a_part_reports_counts_for_nothing() {
    // It fails, and the probe succeeds.
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let p = pipeline! {
        circuit(breaker = &breaker) <
            retry(backoff = constant(1ms)) < circuit(breaker = &breaker) < call(calls.clone(), 2) > >
        >
    };
    p.run(()).await.unwrap();
    assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    // It succeeds, and the probe fails.
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let p = pipeline! {
        circuit(breaker = &breaker) <
            circuit(breaker = &breaker) < call(calls.clone(), 0) >
            call(calls.clone(), 2)
        >
    };
    assert!(p.run(()).await.unwrap_err().is::<Oops>());
    assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Open { retry_after: RESET }, 1));
    // It is cancelled, and the probe goes on.
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let p = pipeline! {
        circuit(breaker = &breaker) <
            par(settle) <
                timeout(1ms) < circuit(breaker = &breaker) < async |_| { pending::<()>().await } > >
            >
            call(calls.clone(), 0)
        >
    };
    p.run(()).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn circuit_11_a_part_takes_no_slot() {
    let breaker = due_of(Breaker::builder().probes(2)).await;
    let calls = Arc::new(AtomicU32::new(0));
    let p =
        pipeline! { circuit(breaker = &breaker) < circuit(breaker = &breaker) < call(calls.clone(), 0) > > };
    let (one, other, third) = tokio::join!(p.run(()), p.run(()), p.run(()));
    one.unwrap();
    other.unwrap();
    is_half_open(third);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn circuit_11_only_what_is_inside_of_the_probe_is_a_part_of_it() {
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let p = pipeline! {
        par(settle) <
            circuit(breaker = &breaker) < circuit(breaker = &breaker) < call(calls.clone(), 0) > >
            circuit(breaker = &breaker) < call(calls.clone(), 0) >
            seq < circuit(breaker = &breaker) < call(calls.clone(), 0) > >
        >
    };
    let (probe, beside, too) = p.run(()).await.unwrap();
    probe.unwrap();
    is_half_open(beside);
    is_half_open(too);
}

#[tokio::test(start_paused = true)]
async fn circuit_11_nothing_is_inside_any_more_when_the_probe_is_not_polled() {
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let single = pipeline! { circuit(breaker = &breaker) < call(calls.clone(), 0) > };
    // It waits.
    let hangs = pipeline! { circuit(breaker = &breaker) < async |_| { pending::<()>().await } > };
    let mut probe = Box::pin(hangs.run(()));
    for _ in 0..3 {
        assert!(poll_once(probe.as_mut()).is_pending());
        is_half_open(at_once(single.run(())));
    }
    // Its first step has panicked, or its second.
    drop(probe);
    for wait in [false, true] {
        let panics = pipeline! {
            circuit(breaker = &breaker) < async |_| {
                if wait { sleep(TICK).await }
                assert_ne!(breaker.state(), BreakerState::HalfOpen, "in a probe");
            } >
        };
        assert!(AssertUnwindSafe(panics.run(())).catch_unwind().await.is_err());
        assert_eq!(breaker.state().kind(), async_orch::CircuitState::Open);
        advance(RESET).await;
        let mut probe = Box::pin(hangs.run(()));
        assert!(poll_once(probe.as_mut()).is_pending());
        is_half_open(at_once(single.run(())));
    }
    // It has begun with a panic, where the body is a step that needs no poll.
    advance(RESET).await;
    let panics = pipeline! {
        circuit(breaker = &breaker) <
            circuit(breaker = &breaker) < |()| { assert!(calls.load(SeqCst) > 99) } >
        >
    };
    assert!(AssertUnwindSafe(panics.run(())).catch_unwind().await.is_err());
    advance(RESET).await;
    let mut probe = Box::pin(hangs.run(()));
    assert!(poll_once(probe.as_mut()).is_pending());
    is_half_open(at_once(single.run(())));
}

#[tokio::test(start_paused = true)]
async fn circuit_11_a_part_of_a_probe_is_inside_of_it_whatever_ended_before_there() {
    for inner_is_closed in [true, false] {
        for end in ["success", "error", "panic"] {
            let (outer, inner) = (due().await, if inner_is_closed { Breaker::new() } else { due().await });
            let step = || match end {
                "success" => Ok(()),
                "error" => Err(Oops("down")),
                _ => panic!("bug"),
            };
            let p = pipeline! {
                circuit(breaker = &outer) <
                    settle < catch < circuit(breaker = &inner) < |()| { step() } > > >
                    circuit(breaker = &outer) < |_| { pending::<()>() } >
                    async |waits| { waits.await }
                >
            };
            let mut probe = Box::pin(p.run(()));
            assert!(
                poll_once(probe.as_mut()).is_pending(),
                "{end}: the second circuit is inside of the first"
            );
            let beside = pipeline! { circuit(breaker = &outer) < |()| {} > };
            is_half_open(at_once(beside.run(())));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_11_where_runs_wait_a_part_does_not() {
    let breaker = due_of(Breaker::builder().wait(true)).await;
    let calls = Arc::new(AtomicU32::new(0));
    let p = pipeline! {
        |_: Vec<Vec<()>>|
        each <
            circuit(breaker = &breaker) <
                each(limit = 2) < circuit(breaker = &breaker) < call(calls.clone(), 0) > >
                |_| {}
            >
        >
    };
    let begin = Instant::now();
    let items = || vec![(); 4];
    p.run(vec![items(), items(), items()]).await.unwrap();
    assert_eq!((breaker.state(), calls.load(SeqCst)), (BreakerState::Closed, 12));
    assert_eq!(begin.elapsed(), TICK * 4, "the probe, and then the other two");
}

#[tokio::test(start_paused = true)]
async fn circuit_11_a_probe_whose_time_is_over_has_no_parts() {
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let slow = pipeline! {
        circuit(breaker = &breaker) <
            async |_| { sleep(RESET).await }
            circuit(breaker = &breaker) < call(calls.clone(), 0) >
        >
    };
    // Nobody took its place: what is inside is the next probe.
    slow.run(()).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
    // Another one has it.
    let breaker = due().await;
    let slow = pipeline! {
        circuit(breaker = &breaker) <
            async |_| { sleep(RESET + TICK).await }
            circuit(breaker = &breaker) < call(calls.clone(), 0) >
        >
    };
    let hangs = pipeline! { circuit(breaker = &breaker) < async |_| { pending::<()>().await } > };
    let (slow, _) = tokio::join!(slow.run(()), async {
        sleep(RESET).await;
        tokio::time::timeout(TICK * 2, hangs.run(())).await
    });
    is_half_open(slow);
}

#[tokio::test(start_paused = true)]
async fn circuit_11_a_spawned_task_is_not_inside() {
    #[task(spawn)]
    async fn apart(inner: Arc<BoxPipeline<'static, (), ()>>) -> Result<(), BoxError> {
        inner.run(()).await.map_err(|error| error.to_string().into())
    }
    let (breaker, calls) = (due().await, Arc::new(AtomicU32::new(0)));
    let inner = pipeline! { let calls = calls; circuit(breaker = &breaker) < call(calls.clone(), 0) > };
    let inner: Arc<BoxPipeline<'static, (), ()>> = Arc::new(inner.boxed());
    let p = pipeline! { circuit(breaker = &breaker) < apart(inner.clone()) > };
    let error = p.run(()).await.unwrap_err();
    assert!(error.to_string().contains("half-open"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn circuit_11_closed_each_block_counts_for_itself() {
    let breaker = Breaker::builder().fail_max(4).build();
    let calls = Arc::new(AtomicU32::new(0));
    let p =
        pipeline! { circuit(breaker = &breaker) < circuit(breaker = &breaker) < call(calls.clone(), 1) > > };
    p.run(()).await.unwrap_err();
    assert_eq!(breaker.failures(), 2);
    p.run(()).await.unwrap();
    assert_eq!(breaker.failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn circuit_11_the_events_of_a_part_are_those_of_a_run() {
    let (breaker, calls, trace) = (due().await, Arc::new(AtomicU32::new(0)), Trace::default());
    let p = pipeline! {
        circuit(breaker = &breaker) < circuit(breaker = &breaker, name = "inner") < call(calls.clone(), 0) > >
    };
    p.with_bus(&trace).run(()).await.unwrap();
    assert_eq!(
        trace.lines(),
        [
            "circuit started",
            "circuit closed -> open",
            "circuit open -> half-open",
            "circuit/inner started",
            "circuit/inner/call running",
            "circuit/inner/call succeeded",
            "circuit/inner succeeded",
            "circuit half-open -> closed",
            "circuit succeeded",
        ]
    );
}
