//! Rule 2: an execution is one start of a step.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{OwnedEvent, Run, TaskState, pipeline, task};

use super::{double, sleep, told};

/// The starts of the steps with this path.
fn starts(recorder: &Recorder, path: &str) -> Vec<OwnedEvent> {
    recorder.of(path).into_iter().filter(|event| event.state() == Some(TaskState::Running)).collect()
}

#[tokio::test]
async fn rule_2_two_items_are_two_executions() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: Vec<u32>| each < double seq < double > > };
    (&p).with_bus(&recorder).run(vec![5, 6, 7]).await.unwrap();

    for path in ["each/double", "each/seq", "each/seq/double"] {
        let starts = starts(&recorder, path);
        assert_eq!(
            starts.iter().map(|start| start.execution.item).collect::<Vec<_>>(),
            [Some(0), Some(1), Some(2)]
        );
        assert!(
            starts[0].execution.id < starts[1].execution.id
                && starts[1].execution.id < starts[2].execution.id
        );
    }
    let outermost = recorder.of("each")[0].execution;
    assert_eq!((outermost.item, outermost.parent, outermost.id), (None, None, 1));
}

#[tokio::test(start_paused = true)]
async fn rule_2_two_attempts_are_two_executions() {
    let calls = AtomicU32::new(0);
    let recorder = Recorder::new();
    let p = pipeline! {
        retry(max_attempts = 3, backoff = constant(1s)) < seq <
            |()| { if calls.fetch_add(1, Ordering::Relaxed) < 2 { Err("no") } else { Ok(7) } } as "third"
        > >
    };
    assert_eq!((&p).with_bus(&recorder).run(()).await.unwrap(), 7);

    for path in ["retry/seq", "retry/seq/third"] {
        let starts = starts(&recorder, path);
        assert_eq!(starts.iter().map(|start| start.execution.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    }
    let retry = recorder.of("retry");
    assert!(retry.iter().all(|event| event.execution == retry[0].execution && event.execution.attempt == 1));
    assert_eq!(recorder.states("retry/seq/third").iter().filter(|state| state.is_terminal()).count(), 3);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_2_the_innermost_retry_and_each_count() {
    let calls = AtomicU32::new(0);
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: Vec<u32>|
        retry(max_attempts = 2, backoff = constant(1s)) <
            each < retry(name = "inner", max_attempts = 2, backoff = constant(1s)) <
                |n| { if calls.fetch_add(1, Ordering::Relaxed) < 3 { Err("no") } else { Ok(n) } } as "fourth"
            > >
        >
    };
    (&p).with_bus(&recorder).run(vec![1]).await.unwrap();
    let execution = |event: &OwnedEvent| (event.execution.attempt, event.execution.item);
    let path = "retry/each/inner/fourth";
    assert_eq!(
        starts(&recorder, path).iter().map(execution).collect::<Vec<_>>(),
        [(1, Some(0)), (2, Some(0)), (1, Some(0)), (2, Some(0))]
    );
    assert_eq!(
        starts(&recorder, "retry/each/inner").iter().map(execution).collect::<Vec<_>>(),
        [(1, Some(0)), (2, Some(0))]
    );
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_2_parents_are_the_blocks_around() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| seq < double par < double double > > };
    (&p).with_bus(&recorder).run(1).await.unwrap();
    let of = |path| recorder.of(path)[0].execution;
    assert_eq!(of("seq").parent, None);
    assert_eq!(of("seq/double").parent, Some(of("seq").id));
    assert_eq!(of("seq/par").parent, Some(of("seq").id));
    assert!(
        recorder.of("seq/par/double").iter().all(|event| event.execution.parent == Some(of("seq/par").id))
    );
}

#[tokio::test(start_paused = true)]
async fn rule_2_a_start_that_waited_keeps_its_execution() {
    let recorder = Recorder::new();
    let p = pipeline! { par(limit = 1) < sleep(1) sleep(2) as "second" seq < sleep(3) sleep(4) > > };
    (&p).with_bus(&recorder).run(()).await.unwrap();
    for path in ["par/second", "par/seq"] {
        let events = recorder.of(path);
        assert_eq!(events.len(), 3, "pending, running, succeeded");
        assert!(events.iter().all(|event| event.execution == events[0].execution));
    }
    let inside: Vec<_> = starts(&recorder, "par/seq/sleep").iter().map(|event| event.execution.id).collect();
    assert_ne!(inside[0], inside[1]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_2_an_embedded_pipeline_waits_as_its_step() {
    let named = pipeline! { |n: u64| sleep(*n) as "named" };
    let several = pipeline! { |n: u64| seq(name = "several") < sleep(*n) sleep(*n) > };
    let recorder = Recorder::new();
    let p = pipeline! { |_: u64| par(limit = 1) < sleep(1) { &named } { &several } { &named } > };
    (&p).with_bus(&recorder).run(5).await.unwrap();

    assert_eq!(
        told(&recorder),
        [
            "par running",
            "par/named pending",
            "par/several pending",
            "par/named pending",
            "par/sleep running",
            "par/sleep succeeded",
            "par/named running",
            "par/named succeeded",
            "par/several running",
            "par/several/sleep running",
            "par/several/sleep succeeded",
            "par/several/sleep running",
            "par/several/sleep succeeded",
            "par/several succeeded",
            "par/named running",
            "par/named succeeded",
            "par succeeded",
        ]
    );
    recorder.assert_balanced();
}

/// Takes a while, then fails the first time.
#[task]
async fn once_more(calls: &AtomicU32) -> Result<u32, &'static str> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err("not yet") } else { Ok(1) }
}

#[tokio::test(start_paused = true)]
async fn rule_2_a_retry_that_waited_gives_each_attempt_an_execution_of_its_own() {
    let calls = AtomicU32::new(0);
    let recorder = Recorder::new();
    let p = pipeline! {
        par(limit = 1) < sleep(1) retry(max_attempts = 2, backoff = constant(1ms)) < once_more(&calls) > >
    };
    (&p).with_bus(&recorder).run(()).await.unwrap();
    let attempts = starts(&recorder, "par/retry/once_more");
    assert_ne!(attempts[0].execution.id, attempts[1].execution.id);
    recorder.assert_balanced();
}
