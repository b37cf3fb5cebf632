//! Rule 4: what circuits tell.

use std::sync::Mutex;
use std::time::Duration;

use async_orch::CircuitState::{Closed, HalfOpen, Open};
use async_orch::bus::{self, Recorder};
use async_orch::{Breaker, CircuitEvent, Event, pipeline, task};
use tokio::time::advance;

use super::told;

#[task]
async fn call(works: bool) -> Result<(), &'static str> {
    if works { Ok(()) } else { Err("busy") }
}

/// The events of circuits, and forgets all.
fn circuits(recorder: &Recorder) -> Vec<CircuitEvent> {
    let circuits = recorder.events().iter().filter_map(|event| event.circuit()).collect();
    recorder.clear();
    circuits
}

#[tokio::test(start_paused = true)]
async fn rule_4_every_change_of_state_is_told() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: bool| circuit(fail_max = 2, reset_timeout = 10s) < call > };
    let p = p.with_bus(&recorder);

    p.run(false).await.unwrap_err();
    assert!(circuits(&recorder).is_empty(), "it stays closed");
    p.run(false).await.unwrap_err();
    let tripped = circuits(&recorder);
    assert_eq!(tripped.len(), 1);
    assert_eq!((tripped[0].old_state, tripped[0].new_state, tripped[0].failures), (Closed, Open, 2));
    assert!(tripped[0].tripped && !tripped[0].rejected);

    p.run(true).await.unwrap_err();
    let rejected = circuits(&recorder);
    assert_eq!(rejected.len(), 1);
    assert_eq!((rejected[0].old_state, rejected[0].new_state), (Open, Open));
    assert!(rejected[0].rejected && !rejected[0].tripped);

    advance(Duration::from_secs(10)).await;
    p.run(false).await.unwrap_err();
    let probed = circuits(&recorder);
    let states: Vec<_> =
        probed.iter().map(|event| (event.old_state, event.new_state, event.tripped)).collect();
    assert_eq!(states, [(Open, HalfOpen, false), (HalfOpen, Open, true)]);

    advance(Duration::from_secs(10)).await;
    p.run(true).await.unwrap();
    let closed = circuits(&recorder);
    let states: Vec<_> =
        closed.iter().map(|event| (event.old_state, event.new_state, event.tripped)).collect();
    assert_eq!(states, [(Open, HalfOpen, false), (HalfOpen, Closed, false)]);
}

#[tokio::test(start_paused = true)]
async fn rule_4_the_events_stand_between_the_tasks_and_the_blocks() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: bool| circuit(fail_max = 1, reset_timeout = 10s) < call > };
    let p = p.with_bus(&recorder);
    p.run(false).await.unwrap_err();
    p.run(false).await.unwrap_err();
    assert_eq!(
        told(&recorder),
        [
            "circuit running",
            "circuit/call running",
            "circuit/call failed",
            "circuit closed -> open, tripped by failure 1",
            "circuit failed",
            "circuit running",
            "circuit rejected, open",
            "circuit failed",
        ]
    );
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_4_the_state_is_visible_when_it_is_told() {
    let breaker = Breaker::builder().fail_max(1).reset_timeout(Duration::from_secs(1)).build();
    let seen = Mutex::new(Vec::new());
    let look = bus::from_fn(|event: &Event<'_>| {
        if let Some(circuit) = event.circuit() {
            seen.lock().unwrap().push((circuit.new_state, breaker.state().kind()));
        }
    });
    let p = pipeline! { |_: bool| circuit(breaker = &breaker) < call > };
    let p = p.with_bus(&look);
    p.run(false).await.unwrap_err();
    advance(Duration::from_secs(1)).await;
    p.run(true).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [(Open, Open), (HalfOpen, HalfOpen), (Closed, Closed)]);
}

#[tokio::test(start_paused = true)]
async fn rule_4_a_rejection_by_a_probe_is_told() {
    #[task]
    async fn slow() -> Result<(), &'static str> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Err("busy")
    }
    let recorder = Recorder::new();
    let p = pipeline! { circuit(fail_max = 1, reset_timeout = 1s) < slow() > };
    let p = p.with_bus(&recorder);
    p.run(()).await.unwrap_err();
    advance(Duration::from_secs(1)).await;
    recorder.clear();
    let (probe, second) = tokio::join!(p.run(()), p.run(()));
    assert!(probe.is_err() && second.is_err());
    let rejected: Vec<_> = circuits(&recorder).into_iter().filter(|event| event.rejected).collect();
    assert_eq!(rejected.len(), 1);
    assert_eq!((rejected[0].old_state, rejected[0].new_state), (HalfOpen, HalfOpen));
}

#[tokio::test(start_paused = true)]
async fn rule_4_a_change_by_the_handle_is_told_by_the_next_run() {
    let breaker = Breaker::builder().fail_max(5).build();
    let recorder = Recorder::new();
    let p = pipeline! { |_: bool| circuit(breaker = &breaker) < call > };
    let p = p.with_bus(&recorder);
    breaker.force_open();
    assert!(recorder.events().is_empty());
    p.run(true).await.unwrap_err();
    let told = circuits(&recorder);
    assert_eq!((told[0].old_state, told[0].new_state, told[0].tripped), (Closed, Open, false));
    assert!(told[1].rejected);
    breaker.force_close();
    p.run(true).await.unwrap();
    p.run(true).await.unwrap();
    let told = circuits(&recorder);
    assert_eq!(told.len(), 1, "once");
    assert_eq!((told[0].old_state, told[0].new_state), (Open, Closed));
}

#[tokio::test(start_paused = true)]
async fn rule_4_a_circuit_that_a_panic_opens_says_so_before_its_block_fails() {
    let recorder = Recorder::new();
    let p = pipeline! { circuit(fail_max = 1, reset_timeout = 1s) < super::explode() > };
    let p = p.with_bus(&recorder);
    assert!(super::quietly(|| super::poll(Box::pin(p.run(())).as_mut())).is_err());
    assert_eq!(
        told(&recorder)[2..],
        ["circuit/explode failed", "circuit closed -> open, tripped by failure 1", "circuit failed"]
    );
    recorder.assert_balanced();
}
