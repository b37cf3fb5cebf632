//! One test for each rule.

use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use super::scripted::{
    CHILD, Did, Driver, End, FAIL, PAR, READY, Script, Stage, listed, pipeline, scripted_par, tree, waits,
};
use crate::blocks::par::{child, default, fork, given, par};
use crate::blocks::peers::{FailFast, Settle};
use crate::build::feed::{Feed, Ignores, Takes};
use crate::build::scope::{Point, RefOf};
use crate::graph::Describe;
use crate::node::Origin;
use crate::run::Step;
use crate::run::{Cx, Here};
use crate::testing::{Recorder, at_once, block, inline_sync, step};
use crate::{BoxError, Error};

fn scripts<const N: usize>(script: Script) -> [Script; N] {
    [script; N]
}

fn starts(log: &[Did]) -> Vec<usize> {
    log.iter().filter_map(|did| if let Did::Start(child) = did { Some(*child) } else { None }).collect()
}

#[test]
fn gives_the_outputs_in_written_order() {
    static A: crate::node::Meta = step(1, Some(&super::scripted::PAR), "a");
    let builder = crate::build::builder::Builder::<(), u32, BoxError>::new();
    let (t0, f0) = builder.clones();
    let s0 = inline_sync!(t0, &A, |(), n| n + 1);
    let (t1, f1) = builder.ignores();
    let s1 = inline_sync!(t1, &A, |(), ()| "none");
    let (t2, f2) = builder.takes();
    let s2 = inline_sync!(t2, &A, |(), n| n.to_string());
    let options = crate::blocks::par::Options {
        error: builder.error(),
        values: builder.once(
            crate::blocks::par::Values { limit: default::limit(), settle: default::settle() },
            &super::scripted::PAR,
        ),
    };
    let children = fork(fork(child(f0, s0), child(f1, s1)), child(f2, s2));
    let root = par(&builder, &super::scripted::PAR, options, children, |((a, b), c)| (a, b, c));
    let out: (u32, &str, String) = at_once(pipeline(root).run(7)).unwrap();
    assert_eq!(out, (8, "none", "7".to_owned()));
}

#[test]
fn children_start_in_written_order_at_most_limit_at_once() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<5>(waits(1)), given::limit((2,)), FailFast, [0 1 2 3 4]);
    let pipeline = pipeline(root);
    let mut run = Driver::new(pipeline.run(()));
    assert!(run.poll().is_pending());
    assert_eq!(stage.take(), [Did::Start(0), Did::Start(1)]);
    stage.tell(1);
    assert!(run.is_woken() && run.poll().is_pending());
    assert_eq!(stage.take(), [Did::Succeed(1), Did::Start(2)]);
    stage.tell(0);
    stage.tell(2);
    stage.tell(3);
    assert!(run.poll().is_pending());
    assert_eq!(
        stage.take(),
        [Did::Succeed(0), Did::Succeed(2), Did::Start(3), Did::Succeed(3), Did::Start(4)]
    );
    stage.tell(4);
    assert!(matches!(run.poll(), Poll::Ready(Ok(list)) if list == [0, 1, 2, 3, 4]));
}

#[test]
fn a_freed_slot_starts_the_next_in_the_same_poll() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<4>(READY), given::limit((1,)), FailFast, [0 1 2 3]);
    assert_eq!(at_once(pipeline(root).run(())).unwrap(), [0, 1, 2, 3]);
    let expected: Vec<_> = (0..4).flat_map(|child| [Did::Start(child), Did::Succeed(child)]).collect();
    assert_eq!(stage.take(), expected);
}

#[test]
fn the_first_failure_drops_running_siblings_in_the_same_poll_and_starts_nothing() {
    let stage = Arc::new(Stage::default());
    let mut all = scripts::<6>(waits(1));
    all[2].end = End::Fail;
    let root = scripted_par!(stage, all, given::limit((4,)), FailFast, [0 1 2 3 4 5]);
    let pipeline = pipeline(root);
    let mut run = Driver::new(pipeline.run(()));
    assert!(run.poll().is_pending());
    stage.take();
    stage.tell(0);
    stage.tell(2);
    let Poll::Ready(Err(error)) = run.poll() else { panic!("it fails") };
    assert_eq!(error.task().unwrap().to_string(), "child 2");
    assert_eq!(error.path(), "par/child");
    // The place of child 0 is given away after child 2 was polled, that is never.
    assert_eq!(stage.take(), [Did::Succeed(0), Did::Fail(2), Did::Cancel(1), Did::Cancel(3)]);
}

#[test]
fn a_failure_at_the_start_starts_nothing_else() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, [waits(1), FAIL, READY], None, FailFast, [0 1 2]);
    let error = at_once(pipeline(root).run(())).unwrap_err();
    assert_eq!(error.task().unwrap().to_string(), "child 1");
    assert_eq!(stage.take(), [Did::Start(0), Did::Start(1), Did::Fail(1), Did::Cancel(0)]);
}

#[test]
fn settle_runs_every_child_and_gives_each_result() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, [FAIL, READY, FAIL, READY], given::limit((2,)), Settle, [0 1 2 3]);
    let results: Vec<Result<usize, Error>> = at_once(pipeline(root).run(())).unwrap();
    let results: Vec<_> =
        results.into_iter().map(|result| result.map_err(|error| error.to_string())).collect();
    let failed = |n| Err(format!("step `par/child` failed: child {n}"));
    assert_eq!(results, [failed(0), Ok(1), failed(2), Ok(3)]);
    assert_eq!(starts(&stage.take()), [0, 1, 2, 3]);
}

#[test]
fn waiting_children_are_pending_in_written_order_and_cancelled_if_they_never_start() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, [FAIL, READY, READY], given::limit((1,)), FailFast, [0 1 2]);
    let bus = Recorder::default();
    let observed = pipeline(root).with_bus(&bus);
    at_once(observed.run(())).unwrap_err();
    assert_eq!(
        bus.take(),
        [
            "par started",
            "par/child pending",
            "par/child pending",
            "par/child running",
            "par/child failed",
            "par/child cancelled",
            "par/child cancelled",
            "par failed",
        ]
    );
}

#[test]
fn a_child_that_waited_runs_as_the_execution_that_waited() {
    use crate::event::{EventKind, TaskEvent};
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<3>(READY), given::limit((1,)), FailFast, [0 1 2]);
    let seen = std::sync::Mutex::new(Vec::new());
    let bus = crate::bus::from_fn(|event: &crate::event::Event<'_>| {
        if let EventKind::Task(task @ (TaskEvent::Pending | TaskEvent::Running)) = event.kind {
            seen.lock().unwrap().push((task.state().to_string(), event.execution.id));
        }
    });
    at_once(pipeline(root).with_bus(bus).run(())).unwrap();
    let seen = seen.into_inner().unwrap();
    let ids =
        |state: &str| -> Vec<u64> { seen.iter().filter(|seen| seen.0 == state).map(|seen| seen.1).collect() };
    assert_eq!(ids("pending"), [2, 3]);
    assert_eq!(ids("running"), [4, 2, 3]);
}

#[test]
fn siblings_are_cancelled_before_the_block_fails() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, [waits(1), waits(1), FAIL], None, FailFast, [0 1 2]);
    let bus = Recorder::default();
    at_once(pipeline(root).with_bus(&bus).run(())).unwrap_err();
    let ends = bus.take().split_off(4);
    assert_eq!(ends, ["par/child failed", "par/child cancelled", "par/child cancelled", "par failed"]);
}

#[test]
fn dropped_midway_it_cancels_children_before_itself() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<4>(waits(1)), given::limit((2,)), FailFast, [0 1 2 3]);
    let bus = Recorder::default();
    let observed = pipeline(root).with_bus(&bus);
    let mut run = Driver::new(observed.run(()));
    assert!(run.poll().is_pending());
    bus.take();
    drop(run);
    let mut cancelled = vec!["par/child cancelled"; 4];
    cancelled.push("par cancelled");
    assert_eq!(bus.take(), cancelled);
    assert_eq!(stage.take()[2..], [Did::Cancel(0), Did::Cancel(1)]);
}

#[test]
fn a_panic_passes_through_and_leaves_every_execution_finished() {
    let stage = Arc::new(Stage::default());
    let panics = Script { waits: 0, end: End::Panic };
    let root = scripted_par!(stage, [waits(1), panics, READY], given::limit((2,)), FailFast, [0 1 2]);
    let bus = Recorder::default();
    let observed = pipeline(root).with_bus(&bus);
    for _ in 0..2 {
        let payload = catch_unwind(AssertUnwindSafe(|| at_once(observed.run(())))).unwrap_err();
        assert_eq!(*payload.downcast::<String>().unwrap(), "child 1");
        assert_eq!(
            bus.take(),
            [
                "par started",
                "par/child pending",
                "par/child running",
                "par/child running",
                "par/child failed",
                "par/child cancelled",
                "par/child cancelled",
                "par failed",
            ]
        );
    }
}

#[test]
fn a_panic_while_a_child_starts_cancels_those_before_it_and_starts_nothing_else() {
    /// Panics before it has a future.
    struct Bomb;
    impl<P: Point> Step<P, BoxError> for Bomb {
        type Out = usize;
        type Asks = crate::run::No;

        fn enter<'a, H: Here + 'a>(
            &'a self,
            _scope: RefOf<'a, P>,
            _input: P::In,
            _here: H,
        ) -> impl Future<Output = Result<usize, Error<BoxError>>> + Send + 'a {
            if true {
                panic!("start");
            }
            ready(Ok(0))
        }

        fn queue<R: Cx>(&self, cx: R) -> R::Queued {
            cx.queue(&CHILD)
        }

        fn describe(&self, graph: &mut Describe<'_>) {
            graph.leaf(Origin::block(&CHILD));
        }
    }
    // Among the first ones, and in the place of one that was ready at once.
    for limit in [None, given::limit((2,))] {
        let stage = Arc::new(Stage::default());
        let builder = crate::build::builder::Builder::<(), (), BoxError>::new();
        let options = crate::blocks::par::Options {
            error: builder.error(),
            values: builder
                .once(crate::blocks::par::Values { limit, settle: FailFast }, &super::scripted::PAR),
        };
        let children = tree!(
            child(Ignores, stage.child(0, waits(1))),
            child(Ignores, stage.child(1, READY)),
            child(Ignores, Bomb),
            child(Ignores, stage.child(3, READY))
        );
        let pipeline = pipeline(par(&builder, &PAR, options, children, listed::<usize, _>));
        let payload = catch_unwind(AssertUnwindSafe(|| at_once(pipeline.run(())))).unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "start");
        let expected = [Did::Start(0), Did::Start(1), Did::Succeed(1), Did::Cancel(0)];
        assert_eq!(stage.take(), expected);
        let bus = Recorder::default();
        catch_unwind(AssertUnwindSafe(|| at_once(pipeline.with_bus(&bus).run(())))).unwrap_err();
        assert_eq!(stage.take(), expected);
        let events = bus.take();
        assert_eq!(events.first().unwrap(), "par started");
        assert_eq!(events.last().unwrap(), "par failed");
        let told = |event: &str| events.iter().filter(|told| *told == event).count();
        // With a limit also the one that did not get to run, and the one that waits.
        assert_eq!(told("par/child cancelled"), if limit.is_some() { 3 } else { 1 });
    }
}

#[test]
fn a_clone_that_panics_is_a_panic_in_the_block() {
    struct Bomb;
    impl Clone for Bomb {
        fn clone(&self) -> Self {
            panic!("clone")
        }
    }
    let builder = crate::build::builder::Builder::<(), Bomb, BoxError>::new();
    let stage = Arc::new(Stage::default());
    let (_, clones) = builder.clones();
    let children = fork(child(clones, stage.child(0, READY)), child(Takes, stage.child(1, READY)));
    let options = crate::blocks::par::Options {
        error: builder.error(),
        values: builder
            .once(crate::blocks::par::Values { limit: None, settle: FailFast }, &super::scripted::PAR),
    };
    let root = par(&builder, &super::scripted::PAR, options, children, |pair| pair);
    let bus = Recorder::default();
    let observed = pipeline(root).with_bus(&bus);
    catch_unwind(AssertUnwindSafe(|| at_once(observed.run(Bomb)))).unwrap_err();
    assert_eq!(bus.take(), ["par started", "par failed"]);
}

#[test]
#[should_panic(expected = "`limit` must be at least 1, at test.rs:1:1")]
fn a_limit_of_zero_panics_when_built() {
    let stage = Arc::new(Stage::default());
    let _ = scripted_par!(stage, scripts::<2>(READY), given::limit((0,)), FailFast, [0 1]);
}

#[test]
fn only_woken_children_are_polled_of_more_than_eight() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<12>(waits(2)), None, FailFast, [0 1 2 3 4 5 6 7 8 9 10 11]);
    let pipeline = pipeline(root);
    let mut run = Driver::new(pipeline.run(()));
    assert!(run.poll().is_pending());
    stage.tell(7);
    assert!(run.is_woken());
    assert!(run.poll().is_pending());
    // Woken for nothing, it polls no child.
    assert!(run.poll().is_pending());
    let polls: Vec<_> = (0..12).map(|child| stage.polls(child)).collect();
    assert_eq!(polls, [1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]);
}

#[test]
fn a_woken_child_is_found_wherever_it_stands() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<21>(waits(2)), None, FailFast, [
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
    ]);
    let pipeline = pipeline(root);
    let mut run = Driver::new(pipeline.run(()));
    assert!(run.poll().is_pending());
    let mut polls = vec![1; 21];
    for child in 0..21 {
        stage.tell(child);
        assert!(run.is_woken() && run.poll().is_pending());
        polls[child] += 1;
        assert_eq!((0..21).map(|child| stage.polls(child)).collect::<Vec<_>>(), polls);
    }
}

#[test]
fn wakers_that_outlive_the_run_are_harmless_and_keep_nobody_alive() {
    let stage = Arc::new(Stage::default());
    let root = scripted_par!(stage, scripts::<9>(waits(1)), None, FailFast, [0 1 2 3 4 5 6 7 8]);
    let pipeline = pipeline(root);
    let mut run = Driver::new(pipeline.run(()));
    assert!(run.poll().is_pending());
    assert_eq!(run.wakers(), 1);
    let stale: Vec<_> = (0..9).map(|child| stage.waker(child).unwrap()).collect();
    run.fut_dropped();
    assert_eq!(run.wakers(), 0);
    stale.iter().for_each(std::task::Waker::wake_by_ref);
    stale.into_iter().for_each(std::task::Waker::wake);
    assert!(!run.is_woken());
}

#[test]
fn feeds_are_taken_in_written_order_before_any_child_starts() {
    struct Logs(Arc<Stage>, usize);
    impl Feed<()> for Logs {
        type Takes = ();
        const USES: bool = false;
        fn feed(&self, _piped: &mut Option<()>) {
            self.0.log.lock().unwrap().push(Did::Succeed(100 + self.1));
        }
    }
    let stage = Arc::new(Stage::default());
    let builder = crate::build::builder::Builder::<(), (), BoxError>::new();
    let one = |index| child(Logs(stage.clone(), index), stage.child(index, READY));
    let options = crate::blocks::par::Options {
        error: builder.error(),
        values: builder
            .once(crate::blocks::par::Values { limit: Some(1), settle: FailFast }, &super::scripted::PAR),
    };
    static META: crate::node::Meta = block(0, None, "par");
    let root = par(&builder, &META, options, fork(one(0), one(1)), |pair| pair);
    at_once(pipeline(root).run(())).unwrap();
    assert_eq!(stage.take()[..3], [Did::Succeed(100), Did::Succeed(101), Did::Start(0)]);
}

#[test]
fn children_that_wake_themselves_are_polled_again_at_once_but_not_for_ever() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let polls = AtomicUsize::new(0);
    let restless = || {
        std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            polls.fetch_add(1, Ordering::Relaxed);
            Poll::<usize>::Pending
        })
    };
    let builder = crate::build::builder::Builder::<(), (), BoxError>::new();
    let one = || {
        child(
            builder.ignores().1,
            crate::testing::inline_async!(builder, &super::scripted::CHILD, |(), ()| restless()),
        )
    };
    let options = || crate::blocks::par::Options {
        error: builder.error(),
        values: builder
            .once(crate::blocks::par::Values { limit: None, settle: FailFast }, &super::scripted::PAR),
    };
    let few = par(&builder, &super::scripted::PAR, options(), fork(one(), one()), |pair| pair);
    let eight =
        || fork(fork(fork(one(), one()), fork(one(), one())), fork(fork(one(), one()), fork(one(), one())));
    let many = par(
        &builder,
        &super::scripted::PAR,
        options(),
        fork(eight(), eight()),
        super::scripted::listed::<usize, _>,
    );
    let few = pipeline(few);
    let mut run = Driver::new(few.run(()));
    assert!(run.poll().is_pending() && run.is_woken());
    assert!((3..1000).contains(&polls.swap(0, Ordering::Relaxed)));
    let many = pipeline(many);
    let mut run = Driver::new(many.run(()));
    assert!(run.poll().is_pending() && run.is_woken());
    assert!((17..1000).contains(&polls.swap(0, Ordering::Relaxed)));
    assert!(run.poll().is_pending() && run.is_woken());
}
