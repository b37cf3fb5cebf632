//! One test for each rule.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::{EACH, numbered, over, scripted};
use crate::blocks::each::{Options, Values, each, enter, given};
use crate::blocks::par::tests::scripted::{Did, Driver, End, FAIL, READY, Script, Stage, pipeline, waits};
use crate::blocks::peers::{FailFast, Settle};
use crate::build::builder::Builder;
use crate::build::feed::Uses;
use crate::testing::{Recorder, at_once};
use crate::{BoxError, Error};

#[test]
fn gives_the_outputs_in_the_order_of_the_items() {
    let stage = Arc::new(Stage::default());
    let pipeline = pipeline(scripted(&stage, None, FailFast));
    let mut run = Driver::new(pipeline.run(numbered(vec![waits(1), READY, waits(1), READY])));
    assert!(run.poll().is_pending());
    stage.tell(2);
    assert!(run.poll().is_pending());
    stage.tell(0);
    assert!(matches!(run.poll(), Poll::Ready(Ok(list)) if list == [0, 1, 2, 3]));
}

#[test]
fn nothing_gives_an_empty_vector_at_once() {
    let stage = Arc::new(Stage::default());
    for limit in [None, Some(3)] {
        assert!(
            at_once(pipeline(scripted(&stage, limit, FailFast)).run(numbered(vec![]))).unwrap().is_empty()
        );
    }
}

#[test]
fn items_are_taken_only_when_there_is_room() {
    let stage = Arc::new(Stage::default());
    let taken = Arc::new(std::sync::Mutex::new(0));
    let items = {
        let taken = taken.clone();
        (0..10).map(move |item| {
            *taken.lock().unwrap() += 1;
            (item, waits(1))
        })
    };
    let pipeline = pipeline(over(&stage, given::limit((3,)), FailFast));
    let mut run = Driver::new(pipeline.run(items));
    assert_eq!(*taken.lock().unwrap(), 0);
    assert!(run.poll().is_pending());
    assert_eq!(*taken.lock().unwrap(), 3);
    stage.tell(1);
    assert!(run.poll().is_pending());
    assert_eq!(*taken.lock().unwrap(), 4);
    let expected = [Did::Start(0), Did::Start(1), Did::Start(2), Did::Succeed(1), Did::Start(3)];
    assert_eq!(stage.take(), expected);
}

#[test]
fn the_first_failure_drops_the_others_in_order_and_takes_no_more_items() {
    let stage = Arc::new(Stage::default());
    let mut scripts = vec![waits(1); 12];
    scripts[3] = Script { waits: 1, end: End::Fail };
    // Item 4 runs where item 0 did, and is still dropped after item 2.
    for limit in [4, 9] {
        let pipeline = pipeline(scripted(&stage, Some(limit), FailFast));
        let mut run = Driver::new(pipeline.run(numbered(scripts.clone())));
        assert!(run.poll().is_pending());
        stage.tell(0);
        assert!(run.poll().is_pending());
        stage.take();
        stage.tell(3);
        let Poll::Ready(Err(error)) = run.poll() else { panic!("it fails") };
        assert_eq!(error.to_string(), "step `par/child` failed: child 3");
        let mut expected = vec![Did::Fail(3)];
        expected.extend((1..=limit).filter(|item| *item != 3).map(Did::Cancel));
        assert_eq!(stage.take(), expected);
    }
}

#[test]
fn settle_runs_every_item_and_gives_each_result() {
    let stage = Arc::new(Stage::default());
    let pipeline = pipeline(scripted(&stage, Some(2), Settle));
    let results: Vec<Result<usize, Error>> =
        at_once(pipeline.run(numbered(vec![FAIL, READY, FAIL]))).unwrap();
    let failed: Vec<_> = results.iter().map(Result::is_err).collect();
    assert_eq!(failed, [true, false, true]);
}

#[test]
fn each_start_belongs_to_its_item_and_none_waits() {
    use crate::event::{EventKind, TaskEvent};
    let stage = Arc::new(Stage::default());
    let seen = std::sync::Mutex::new(Vec::new());
    let bus = crate::bus::from_fn(|event: &crate::event::Event<'_>| match event.kind {
        EventKind::Task(TaskEvent::Pending) => panic!("nothing waits"),
        EventKind::Task(TaskEvent::Running) => seen.lock().unwrap().push(event.execution.item),
        _ => {}
    });
    at_once(pipeline(scripted(&stage, Some(1), FailFast)).with_bus(bus).run(numbered(vec![READY; 3])))
        .unwrap();
    assert_eq!(seen.into_inner().unwrap(), [Some(0), Some(1), Some(2)]);
}

#[test]
fn dropped_midway_it_cancels_items_in_order_and_then_itself() {
    let stage = Arc::new(Stage::default());
    let bus = Recorder::default();
    let observed = pipeline(scripted(&stage, Some(9), FailFast)).with_bus(&bus);
    let mut run = Driver::new(observed.run(numbered(vec![waits(1); 20])));
    assert!(run.poll().is_pending());
    stage.tell(4);
    assert!(run.poll().is_pending());
    stage.take();
    bus.take();
    run.fut_dropped();
    let expected: Vec<_> = (0..10).filter(|item| *item != 4).map(Did::Cancel).collect();
    assert_eq!(stage.take(), expected);
    let events = bus.take();
    assert_eq!(events.len(), 10);
    assert_eq!(events[9], "each cancelled");
}

#[test]
fn an_iterator_that_panics_is_a_panic_in_the_block() {
    let stage = Arc::new(Stage::default());
    let bus = Recorder::default();
    let observed = pipeline(over(&stage, None, FailFast)).with_bus(&bus);
    let items = (0..5).map(|item| if item == 2 { panic!("no more") } else { (item, waits(1)) });
    let payload = catch_unwind(AssertUnwindSafe(|| at_once(observed.run(items)))).unwrap_err();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "no more");
    let ends = bus.take().split_off(3);
    assert_eq!(ends, ["each/child cancelled", "each/child cancelled", "each failed"]);
}

#[test]
fn a_hint_that_lies_is_harmless() {
    struct Lies(std::vec::IntoIter<Script>, usize, (usize, Option<usize>));
    impl Iterator for Lies {
        type Item = (usize, Script);
        fn next(&mut self) -> Option<(usize, Script)> {
            self.1 += 1;
            self.0.next().map(|script| (self.1 - 1, script))
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            self.2
        }
    }
    let stage = Arc::new(Stage::default());
    for hint in
        [(0, Some(0)), (0, Some(2)), (usize::MAX, Some(usize::MAX)), (100, Some(3)), (usize::MAX, None)]
    {
        let pipeline = pipeline(over(&stage, None, FailFast));
        let items = Lies(vec![READY; 30].into_iter(), 0, hint);
        assert_eq!(at_once(pipeline.run(items)).unwrap(), (0..30).collect::<Vec<_>>());
    }
}

#[test]
#[should_panic(expected = "`limit` must be at least 1, at test.rs:1:1")]
fn a_limit_of_zero_panics_when_built() {
    let stage = Arc::new(Stage::default());
    let _ = scripted(&stage, given::limit((0,)), FailFast);
}

#[test]
fn only_woken_items_are_polled_of_any_number() {
    let stage = Arc::new(Stage::default());
    let pipeline = pipeline(scripted(&stage, None, FailFast));
    let mut run = Driver::new(pipeline.run(numbered(vec![waits(1); 20_000])));
    assert!(run.poll().is_pending());
    for item in [19_999, 0, 7_777] {
        stage.tell(item);
        assert!(run.is_woken());
        assert!(run.poll().is_pending());
        assert_eq!(stage.polls(item), 2);
    }
    let polls: usize = (0..20_000).map(|item| stage.polls(item)).sum();
    assert_eq!(polls, 20_003);
    (0..20_000).for_each(|item| stage.tell(item));
    assert!(matches!(run.poll(), Poll::Ready(Ok(list)) if list.len() == 20_000));
}

#[test]
fn wakers_that_outlive_the_run_are_harmless_and_keep_nobody_alive() {
    let stage = Arc::new(Stage::default());
    for items in [9, 3_000] {
        let pipeline = pipeline(scripted(&stage, None, FailFast));
        let mut run = Driver::new(pipeline.run(numbered(vec![waits(1); items])));
        assert!(run.poll().is_pending());
        assert_eq!(run.wakers(), 1);
        let stale: Vec<_> = (0..items).map(|item| stage.waker(item).unwrap()).collect();
        run.fut_dropped();
        assert_eq!(run.wakers(), 0);
        stale.iter().for_each(Waker::wake_by_ref);
        stale.into_iter().for_each(Waker::wake);
        assert!(!run.is_woken());
    }
}

#[test]
fn a_stale_waker_of_a_place_that_another_item_has_taken_is_harmless() {
    let stage = Arc::new(Stage::default());
    let pipeline = pipeline(scripted(&stage, Some(9), FailFast));
    let mut run = Driver::new(pipeline.run(numbered(vec![waits(1); 11])));
    assert!(run.poll().is_pending());
    let stale = stage.waker(0).unwrap();
    stage.tell(0);
    assert!(run.poll().is_pending());
    stale.wake();
    assert!(run.is_woken() && run.poll().is_pending());
    assert_eq!((stage.polls(0), stage.polls(9)), (2, 2));
    (1..11).for_each(|item| stage.tell(item));
    assert!(matches!(run.poll(), Poll::Ready(Ok(list)) if list.len() == 11));
}

#[tokio::test(start_paused = true)]
async fn limit_is_a_number_of_items_at_once() {
    let builder = Builder::<(), Vec<u64>, BoxError>::new();
    let (inner, feed) = enter(&builder, Uses);
    let body = crate::testing::inline_async!(
        inner,
        &crate::blocks::par::tests::scripted::CHILD,
        |(), n| async move {
            tokio::time::sleep(Duration::from_secs(n)).await;
            n
        }
    );
    let root = each(
        &builder,
        &EACH,
        Options {
            error: builder.error(),
            values: builder.once(Values { limit: Some(2), settle: FailFast }, &EACH),
        },
        feed,
        body,
    );
    let began = tokio::time::Instant::now();
    let pipeline = pipeline(root);
    assert_eq!(pipeline.run(vec![3, 1, 1, 2]).await.unwrap(), [3, 1, 1, 2]);
    // 3, 2 beside 1, 1.
    assert_eq!(began.elapsed(), Duration::from_secs(4));
}

#[tokio::test]
async fn many_ready_items_starve_nobody() {
    let builder = Builder::<(), std::ops::Range<u64>, BoxError>::new();
    let (inner, feed) = enter(&builder, Uses);
    let body = crate::testing::inline_async!(
        inner,
        &crate::blocks::par::tests::scripted::CHILD,
        |(), n| async move { n }
    );
    let root = each(
        &builder,
        &EACH,
        Options {
            error: builder.error(),
            values: builder.once(Values { limit: Some(64), settle: FailFast }, &EACH),
        },
        feed,
        body,
    );
    let pipeline = pipeline(root);
    let mut run = Box::pin(pipeline.run(0..10_000));
    let mut turns = 0;
    let outputs = std::future::poll_fn(|cx| {
        turns += 1;
        run.as_mut().poll(cx)
    });
    assert_eq!(outputs.await.unwrap().len(), 10_000);
    // A turn of the task has a budget of 128, after which timers and other tasks have theirs.
    assert!(turns >= 10_000 / 128, "{turns} turns");
}
