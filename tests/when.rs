//! The block `when`: a body under a condition.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use async_orch::bus::Recorder;
use async_orch::{BlockChange, BoxError, Change, ErrorKind, Run, TaskState, pipeline, task};

use common::at_once;

mod common;

#[task]
fn halve(n: u32) -> u32 {
    n / 2
}

#[task]
fn refuse(n: u32) -> io::Result<u32> {
    Err(io::Error::other(format!("{n} is too much")))
}

/// What cannot be cloned.
#[derive(Debug, PartialEq)]
struct Body(Vec<u8>);

#[task]
fn compress(body: Body) -> Body {
    Body(body.0[..2].to_vec())
}

#[test]
fn when_1_a_closure_looks_at_what_is_piped_and_nothing_is_cloned() {
    let p = pipeline! { |_: Body| when(|body| body.0.len() > 3) < compress > };
    assert_eq!(at_once(p.run(Body(vec![1; 4]))).unwrap(), Body(vec![1; 2]));
    assert_eq!(at_once(p.run(Body(vec![1; 3]))).unwrap(), Body(vec![1; 3]));
}

#[test]
fn when_1_the_condition_sees_captures_names_and_the_header() {
    let on = true;
    let p = pipeline! {
        let most = 9;
        |input: (u32, u32)|
        seq <
            let (n, step) = |_| { *input }
            |_| { *n }
            when(on && *n > *most && *step == 1) < halve >
            when(|out| on && out > n) < |_| { 0 } >
        >
    };
    assert_eq!(at_once(p.run((10, 1))).unwrap(), 5);
    assert_eq!(at_once(p.run((10, 2))).unwrap(), 10);
    assert_eq!(at_once(p.run((9, 1))).unwrap(), 9);
}

#[tokio::test]
async fn when_1_it_is_looked_at_once_for_each_start() {
    let (looked, ran) = (AtomicU32::new(0), AtomicU32::new(0));
    let p = pipeline! {
        |_: u32|
        retry(max_attempts = 3, backoff = constant(0s)) <
            when(looked.fetch_add(1, Ordering::Relaxed) < 2) <
                async |n| { tokio::task::yield_now().await; ran.fetch_add(1, Ordering::Relaxed); Err::<u32, _>(format!("not {n}")) }
            >
        >
    };
    assert_eq!(p.run(7).await.unwrap(), 7);
    assert_eq!((looked.into_inner(), ran.into_inner()), (3, 2));
}

#[test]
fn when_2_several_steps_are_a_sequence() {
    let p = pipeline! { |_: u32| when(|n| n % 2 == 0) < halve let m = halve |_| { *m + 1 } > };
    assert_eq!(at_once(p.run(8)).unwrap(), 3);
    assert_eq!(at_once(p.run(7)).unwrap(), 7);
}

#[test]
fn when_3_a_body_that_is_skipped_has_no_event_and_the_block_says_so() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| seq(name = "s") < when(|n| *n > 9) < halve > halve > };
    assert_eq!(at_once((&p).with_bus(recorder.clone()).run(4)).unwrap(), 2);
    assert!(recorder.of("s/when/halve").is_empty());
    let events = recorder.of("s/when");
    assert!(matches!(events[0].change, Change::Block(BlockChange::Started { .. })));
    assert!(matches!(events[1].change, Change::Block(BlockChange::Skipped { .. })));
    assert_eq!(recorder.states("s/when"), [TaskState::Running, TaskState::Succeeded]);
    assert!(events[1].to_string().ends_with("skipped"), "{}", events[1]);
    recorder.assert_balanced();
}

#[test]
fn when_3_one_that_runs_is_told_as_any_block() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| when(|n| *n > 9) < halve > };
    assert_eq!(at_once((&p).with_bus(recorder.clone()).run(10)).unwrap(), 5);
    assert_eq!(recorder.states("when/halve"), [TaskState::Running, TaskState::Succeeded]);
    assert!(matches!(recorder.of("when")[1].change, Change::Block(BlockChange::Succeeded { .. })));
    recorder.assert_balanced();
}

#[test]
fn when_4_where_nothing_is_piped_it_gives_nothing() {
    let ran = AtomicU32::new(0);
    let p = pipeline! {
        |n: u32|
        seq <
            let m = halve(*n)
            when(*m > 2) < halve(*m) |_| { ran.fetch_add(1, Ordering::Relaxed) } >
            |()| { *m }
        >
    };
    assert_eq!(at_once(p.run(8)).unwrap(), 4);
    assert_eq!(at_once(p.run(4)).unwrap(), 2);
    assert_eq!(ran.into_inner(), 1);

    let flag = true;
    let alone = pipeline! { when(flag) < halve(3) > };
    let nothing: () = at_once(alone.run(())).unwrap();
    assert_eq!(nothing, ());
}

#[test]
fn when_4_after_a_named_input_too() {
    let p = pipeline! { |n: u32| when(*n > 9) < refuse(*n) > };
    at_once(p.run(9)).unwrap();
    assert_eq!(at_once(p.run(10)).unwrap_err().to_string(), "step `when/refuse` failed: 10 is too much");
}

#[test]
fn when_5_an_error_of_the_body_is_the_blocks() {
    let p = pipeline! { |_: u32| when(|n| *n > 9) < refuse > };
    assert_eq!(at_once(p.run(9)).unwrap(), 9);
    let error = at_once(p.run(10)).unwrap_err();
    assert_eq!(error.path(), "when/refuse");
    assert!(error.is::<io::Error>());
}

#[test]
fn when_5_a_panic_of_the_condition_is_the_blocks() {
    let recorder = Recorder::new();
    let p =
        pipeline! { |_: u32| seq(name = "s") < when(|n| { assert!(*n > 0, "zero"); *n > 9 }) < halve > > };
    let watched = (&p).with_bus(recorder.clone());
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(watched.run(0)).map(drop)));
    assert!(panicked.is_err());
    assert_eq!(recorder.states("s/when"), [TaskState::Running, TaskState::Failed]);
    assert!(recorder.of("s/when/halve").is_empty());
    recorder.assert_balanced();
    assert_eq!(at_once(watched.run(1)).unwrap(), 1);

    let caught = pipeline! { |_: u32| catch < when(|n| { assert!(*n > 0, "zero"); *n > 9 }) < halve > > };
    assert!(matches!(at_once(caught.run(0)).unwrap_err().kind(), ErrorKind::Panicked(_)));
}

#[tokio::test(start_paused = true)]
async fn when_6_dropped_it_is_cancelled_with_its_body() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: u32|
        timeout(1s) < when(|n| *n > 9) < async |n| { std::future::pending::<()>().await; n } as "wait" > >
    };
    assert!((&p).with_bus(recorder.clone()).run(10).await.is_err());
    assert_eq!(recorder.states("timeout/when/wait"), [TaskState::Running, TaskState::Cancelled]);
    assert_eq!(recorder.states("timeout/when"), [TaskState::Running, TaskState::Cancelled]);
    recorder.assert_balanced();
    assert_eq!(p.run(9).await.unwrap(), 9);
}

#[test]
fn when_in_other_blocks_and_other_blocks_in_it() {
    let p = pipeline! {
        |_: Vec<u32>|
        each <
            par < when(|n| *n > 9) < retry < timeout(1s) < halve > > > |n| { n } >
            |(a, b)| { a + b }
            when(|n| *n > 20) < when(|n| *n > 30) < |_| { 0 } > >
        >
    };
    assert_eq!(at_once(p.run(vec![4, 10, 14, 40])).unwrap(), [8, 15, 21, 0]);
}

#[test]
fn when_is_drawn_with_its_condition() {
    let p = pipeline! { |_: u32| when(|n| *n > 9) < halve > };
    assert_eq!(p.graph().to_string(), "when(|n| *n > 9)\n└─ halve");
}

#[test]
fn when_generic_and_boxed() {
    fn guarded<P: Run<In = u32, Out = u32, Error = BoxError>>(
        inner: P,
        on: bool,
    ) -> impl Run<In = u32, Out = u32, Error = BoxError> {
        pipeline! { let on = on; move |_: u32| when(*on) < { inner } > }
    }
    let p = guarded(pipeline! { |_: u32| halve }, true).boxed();
    assert_eq!(at_once(p.run(8)).unwrap(), 4);
    assert_eq!(at_once(guarded(pipeline! { |_: u32| halve }, false).run(8)).unwrap(), 8);
}
