//! Rule 1: one event per change, from the run's own poll or drop, in order.

use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use async_orch::bus::{self, Recorder};
use async_orch::{Event, NodeKind, Run, pipeline, task};

use super::{double, forever, poll, sleep, told};

#[tokio::test]
async fn rule_1_one_event_for_each_change_in_order() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| seq(name = "outer") < double seq < double |n| { n + 1 } > > };
    assert_eq!((&p).with_bus(&recorder).run(1).await.unwrap(), 5);
    assert_eq!(
        told(&recorder),
        [
            "outer running",
            "outer/double running",
            "outer/double succeeded",
            "outer/seq running",
            "outer/seq/double running",
            "outer/seq/double succeeded",
            "outer/seq/inline running",
            "outer/seq/inline succeeded",
            "outer/seq succeeded",
            "outer succeeded",
        ]
    );
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_1_nothing_is_emitted_outside_of_a_poll_and_the_drop() {
    let recorder = Recorder::new();
    let p = pipeline! { seq < sleep(5) forever() > }.with_bus(recorder.clone());

    drop(p.run(()));
    assert_eq!(recorder.events().len(), 0, "a run that is never polled has not begun");

    let mut run = Box::pin(p.run(()));
    assert_eq!(recorder.events().len(), 0);
    assert!(poll(run.as_mut()).is_pending());
    assert_eq!(told(&recorder), ["seq running", "seq/sleep running"]);
    tokio::time::advance(Duration::from_millis(5)).await;
    assert_eq!(recorder.events().len(), 2, "the timer is over, but the run has not been polled");
    assert!(poll(run.as_mut()).is_pending());
    assert_eq!(told(&recorder)[2..], ["seq/sleep succeeded", "seq/forever running"]);
    drop(run);
    assert_eq!(told(&recorder)[4..], ["seq/forever cancelled", "seq cancelled"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_1_spawned_work_emits_nothing_by_itself() {
    #[task(spawn)]
    async fn elsewhere() -> Option<tokio::task::Id> {
        tokio::task::yield_now().await;
        tokio::task::try_id()
    }
    #[task(blocking)]
    fn aside() -> u32 {
        1
    }

    let tasks = Mutex::new(Vec::new());
    let emitted_by = bus::from_fn(|_: &Event<'_>| tasks.lock().unwrap().push(tokio::task::try_id()));
    let p = pipeline! { seq < let at = elsewhere aside |_| { *at } > };
    let at = (&p).with_bus(&emitted_by).run(()).await.unwrap();

    assert_ne!(at, tokio::task::try_id(), "the task ran elsewhere");
    assert_eq!(*tasks.lock().unwrap(), [tokio::task::try_id(); 8], "the events came from here");
}

#[tokio::test(start_paused = true)]
async fn rule_1_an_event_names_run_number_node_and_time() {
    let recorder = Recorder::new();
    let p = pipeline! { seq(name = "ingest") < sleep(3) as "wait" par < |n| { n } sleep(4) > > };
    let graph = p.graph();
    for _ in 0..2 {
        assert_eq!((&p).with_bus(&recorder).run(()).await.unwrap(), (3, 4));
    }

    let events = recorder.events();
    let (first, second) = events.split_at(events.len() / 2);
    assert_ne!(first[0].run, second[0].run);
    for run in [first, second] {
        assert!(run.iter().all(|event| event.run == run[0].run));
        assert!(run.iter().enumerate().all(|(number, event)| event.seq == number as u64));
    }
    for event in &events {
        let node = graph.find(event.path()).unwrap();
        assert_eq!(
            (event.node.index(), event.name(), event.kind()),
            (node.index(), node.name(), node.kind())
        );
    }
    let wait = recorder.of("ingest/wait");
    assert_eq!((wait[0].name(), wait[0].kind(), wait[0].node.index()), ("wait", NodeKind::Task, 1));
    let times = |path| recorder.of(path).iter().map(|event| event.elapsed.as_millis()).collect::<Vec<_>>();
    assert_eq!(times("ingest/wait")[..2], [0, 3]);
    assert_eq!(times("ingest/par/sleep")[..2], [3, 7]);
    assert_eq!(times("ingest")[..2], [0, 7]);
}

#[tokio::test(start_paused = true)]
async fn rule_1_concurrent_runs_are_numbered_apart() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: u64| seq < |n| { n } async |n| { tokio::time::sleep(Duration::from_millis(n)).await } >
    };
    let p = p.with_bus(&recorder);
    let runs = pipeline! {
        |_: Vec<u64>| each < async |n| { p.run(n).await.map_err(Into::<async_orch::BoxError>::into) } >
    };
    assert!(runs.run(vec![3, 1, 2]).await.unwrap().len() == 3);
    let mut ids: Vec<_> = recorder.events().iter().map(|event| event.run).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_1_embedded_pipelines_report_full_paths() {
    let inner = pipeline! { |_: u32| seq(name = "inner") < double double as "again" > };
    let bare = pipeline! { |n: u32| double(*n + 1) as "bare" };
    let recorder = Recorder::new();
    let outer = pipeline! { |_: u32| seq(name = "outer") < { &inner } par < { &inner } { &bare } > > };
    assert_eq!((&outer).with_bus(&recorder).run(1).await.unwrap(), (16, 10));

    assert_eq!(
        recorder.paths(),
        [
            "outer",
            "outer/inner",
            "outer/inner/double",
            "outer/inner/again",
            "outer/par",
            "outer/par/inner",
            "outer/par/inner/double",
            "outer/par/inner/again",
            "outer/par/bare",
        ]
    );
    for event in recorder.events() {
        assert_eq!(outer.graph().nodes()[event.node.index()].path(), event.path());
    }
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_1_a_run_may_move_between_threads() {
    let recorder = Recorder::new();
    let p = pipeline! { seq < async |()| { tokio::task::yield_now().await } |()| { 1 } > };
    let p = p.with_bus(&recorder);
    let mut run = pin!(p.run(()));
    assert!(poll(run.as_mut()).is_pending());
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(matches!(poll(run.as_mut()), Poll::Ready(Ok(1)))));
    });
    recorder.assert_balanced();
}
