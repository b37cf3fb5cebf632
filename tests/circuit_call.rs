//! `Breaker::call`, outside of a pipeline.

use std::pin::pin;
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Breaker, BreakerState, ErrorKind, pipeline};
use tokio::time::{Instant, advance, sleep};

use common::{Oops, poll_once};

mod common;

const RESET: Duration = Duration::from_secs(60);

async fn fails() -> Result<(), Oops> {
    Err(Oops("down"))
}

async fn succeeds() -> Result<(), Oops> {
    sleep(Duration::from_millis(1)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn circuit_21_a_call_is_a_run_of_the_body() {
    let breaker = Breaker::builder().fail_max(2).build();
    for _ in 0..2 {
        assert_eq!(breaker.call(fails()).await.unwrap().unwrap_err().to_string(), "down");
    }
    assert_eq!(breaker.last_failure().unwrap().as_str(), "down");
    let rejected = breaker.call(succeeds()).await.unwrap_err();
    assert!(matches!(rejected, ErrorKind::CircuitOpen { retry_after: RESET, isolated: false, .. }));
    advance(RESET).await;
    let (probe, other) = tokio::join!(breaker.call(succeeds()), breaker.call(succeeds()));
    assert!(probe.unwrap().is_ok());
    assert!(matches!(other.unwrap_err(), ErrorKind::CircuitHalfOpen));
    assert_eq!(breaker.state(), BreakerState::Closed);
    breaker.isolate();
    let rejected = breaker.call(succeeds()).await.unwrap_err();
    assert!(matches!(rejected, ErrorKind::CircuitOpen { isolated: true, .. }));
}

#[tokio::test(start_paused = true)]
async fn circuit_21_a_call_that_is_dropped_counts_as_nothing() {
    let breaker = Breaker::builder().fail_max(1).build();
    assert!(poll_once(pin!(breaker.call(succeeds()))).is_pending());
    assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    breaker.force_open();
    advance(RESET).await;
    assert!(poll_once(pin!(breaker.call(succeeds()))).is_pending());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(breaker.call(succeeds()).await.unwrap().is_ok(), "its slot is free");
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn circuit_21_a_call_waits_where_runs_wait() {
    let breaker = Breaker::builder().wait(true).build();
    breaker.force_open();
    advance(RESET).await;
    let (probe, waits) = tokio::join!(breaker.call(succeeds()), breaker.call(succeeds()));
    assert!(probe.unwrap().is_ok() && waits.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn circuit_21_a_call_that_is_dropped_while_it_waits_leaves_its_place() {
    let breaker = Breaker::builder().wait(true).build();
    breaker.force_open();
    advance(RESET).await;
    let start = Instant::now();
    let mut calls = [(); 3].map(|()| Box::pin(breaker.call(succeeds())));
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let [probe, waits, behind] = calls;
    drop(waits);
    drop(probe);
    assert!(behind.await.unwrap().is_ok());
    assert!(start.elapsed() < RESET, "nobody stands before it");
}

#[tokio::test]
async fn circuit_21_a_call_that_panics_has_failed() {
    let breaker = Breaker::builder().fail_max(1).build();
    let shared = breaker.clone();
    let panics = async move { shared.call(async { panic!("bug") as Result<(), Oops> }).await.is_ok() };
    assert!(tokio::spawn(panics).await.unwrap_err().is_panic());
    assert_eq!(breaker.last_failure().unwrap().as_str(), "panicked");
}

#[tokio::test]
async fn circuit_21_what_a_call_changes_is_told_by_the_next_block() {
    let breaker = Breaker::builder().fail_max(1).build();
    let recorder = Recorder::new();
    let p = pipeline! { circuit(breaker = &breaker) < |()| {} > }.with_bus(&recorder);
    let _ = breaker.call(fails()).await;
    let _ = breaker.call(fails()).await;
    assert!(p.run(()).await.is_err());
    let told: Vec<_> = recorder.events().iter().filter_map(|e| e.circuit()).map(|e| e.to_string()).collect();
    assert_eq!(told, ["closed -> open", "rejected, open"]);
}
