//! Rule 7: a bus is a guest of the run, and loss is visible. And the buses of the library.

use std::io;
use std::panic::panic_any;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::{self, Broadcast, LogBus, Recorder, RecvError};
use async_orch::{Bus, Event, OwnedEvent, Run, TaskState, pipeline};

use super::{double, explode, forever, poll, quietly, refuse, sleep, told};

#[tokio::test]
async fn rule_7_a_bus_that_panics_does_not_fail_the_run() {
    let recorder = Recorder::new();
    let rude = bus::from_fn(|_: &Event<'_>| panic_any(()));
    let p = pipeline! { |_: u32| seq < double par < double double > > };
    assert_eq!((&p).with_bus(&rude).run(1).await.unwrap(), (4, 4));
    assert_eq!((&p).with_bus((&rude, &recorder, &rude)).run(1).await.unwrap(), (4, 4));
    assert_eq!(recorder.events().len(), 10, "the others of a tuple take every event");
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_7_a_bus_that_panics_in_a_drop_does_not_disturb_it() {
    let recorder = Recorder::new();
    let rude = bus::from_fn(|_: &Event<'_>| panic_any(()));
    let p = pipeline! { seq < par < forever() forever() > > };
    let p = p.with_bus((&rude, &recorder));
    let mut run = Box::pin(p.run(()));
    assert!(poll(run.as_mut()).is_pending());
    drop(run);
    recorder.assert_balanced();
    assert_eq!(told(&recorder).last().unwrap(), "seq cancelled");
}

#[tokio::test]
async fn rule_7_a_bus_that_panics_during_a_panic_does_not_abort() {
    let recorder = Recorder::new();
    let rude = bus::from_fn(|_: &Event<'_>| panic_any(()));
    let p = pipeline! { seq < par < forever() explode() > > };
    let p = p.with_bus((&rude, &recorder));
    let payload = quietly(|| poll(Box::pin(p.run(())).as_mut())).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"out of cheese"));
    recorder.assert_balanced();
}

/// What cannot be printed: every formatter of it panics.
#[derive(Clone)]
struct Unprintable;

impl std::fmt::Debug for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no Debug")
    }
}

impl std::fmt::Display for Unprintable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("half a ")?;
        panic!("no Display")
    }
}

impl std::error::Error for Unprintable {}

#[tokio::test]
async fn rule_7_an_end_is_told_also_of_what_cannot_be_printed() {
    let (recorder, log, sent) = (Recorder::new(), LogBus::to(Vec::new()), Broadcast::new(64));
    let mut received = sent.subscribe();
    let p = pipeline! {
        |_: bool|
        seq < |fail| { if fail { Err(Unprintable) } else { Ok(Unprintable) } } as "make" >
    };
    let p = p.with_bus((&recorder, &log, &sent));
    assert!(quietly(|| poll(Box::pin(p.run(false)).as_mut())).is_ok());
    assert!(quietly(|| poll(Box::pin(p.run(true)).as_mut())).is_ok());
    recorder.assert_balanced();
    let ends: Vec<_> =
        recorder.of("seq/make").into_iter().filter(|event| event.state().unwrap().is_terminal()).collect();
    assert_eq!(ends[0].output(), Some("(panicked when it was formatted)"));
    assert_eq!(ends[1].reason(), Some("half a (panicked when it was formatted)"));
    assert!(ends[1].error().unwrap().ends_with("half a (panicked when it was formatted)"));
    let mut count = 0;
    while let Ok(Some(_)) = received.try_recv() {
        count += 1;
    }
    let lines = String::from_utf8(log.into_inner()).unwrap();
    assert_eq!((recorder.events().len(), lines.lines().count(), count), (8, 8, 8), "{lines}");
}

#[tokio::test]
async fn steps_of_one_path_are_told_apart_in_a_log() {
    let log = LogBus::to(Vec::new()).blocks(false);
    let p = pipeline! { |_: u32| seq < double double par < double |n| { n } as "double" > > };
    (&p).with_bus(&log).run(1).await.unwrap();
    let lines = String::from_utf8(log.into_inner()).unwrap();
    let running = lines.lines().filter(|line| line.contains("running"));
    let labels: Vec<&str> = running.filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(labels, ["seq/double", "seq/double#2", "seq/par/double", "seq/par/double#2"]);
}

#[test]
fn a_policy_around_a_step_changes_no_short_path() {
    let bare = pipeline! { |_: u32| seq(name = "shop") < double as "charge" > };
    let guarded = pipeline! { |_: u32| seq(name = "shop") < retry < timeout(1s) < double as "charge" > > > };
    let shorts = |graph: async_orch::Graph| -> Vec<String> {
        let steps = graph.nodes().iter().filter(|node| !node.kind().is_block());
        steps.map(|node| node.short_path().to_owned()).collect()
    };
    assert_eq!(shorts(bare.graph()), ["shop/charge"]);
    assert_eq!(shorts(guarded.graph()), ["shop/charge"]);
    let outer = pipeline! { |_: Vec<u32>| each < { &guarded } > };
    assert_eq!(shorts(outer.graph()), ["shop/charge"], "also embedded");
}

#[tokio::test]
async fn of_step_finds_a_step_by_the_end_of_its_short_path() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: u32|
        seq(name = "shop") < retry < double as "charge" > seq(name = "mail") < double as "recharge" > >
    };
    (&p).with_bus(&recorder).run(1).await.unwrap();
    assert_eq!(recorder.of_step("charge").len(), 2);
    assert_eq!(recorder.of_step("shop/charge").len(), 2);
    assert_eq!(
        recorder.of_step("shop").len(),
        2,
        "the block itself, and not the ones in it that have no name"
    );
    assert_eq!(recorder.of_step("mail/recharge").len(), 2);
    assert!(recorder.of_step("harge").is_empty());
}

#[tokio::test]
async fn rule_7_what_a_bus_throws_may_panic_when_it_is_dropped() {
    struct Mine;
    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let rude = bus::from_fn(|_: &Event<'_>| panic_any(Mine));
    let p = pipeline! { |_: u32| double };
    assert_eq!((&p).with_bus(&rude).run(1).await.unwrap(), 2);
    assert_eq!((&p).with_bus((&rude, &rude)).run(1).await.unwrap(), 2);
}

#[tokio::test]
async fn rule_7_several_subscribers_get_every_event() {
    let events = Broadcast::new(64);
    let (mut first, mut second) = (events.subscribe(), events.subscribe());
    assert_eq!(events.subscribers(), 2);
    let p = pipeline! { |_: u32| seq < double double > }.with_bus(events.clone());
    p.run(1).await.unwrap();

    for subscription in [&mut first, &mut second] {
        let mut got = Vec::new();
        while let Some(event) = subscription.try_recv().unwrap() {
            assert_eq!(event.seq, got.len() as u64);
            got.push(event);
        }
        assert_eq!(got.len(), 6);
        assert_eq!(got[2].output(), Some("2"));
    }

    drop(first);
    assert_eq!(events.subscribers(), 1);
    p.run(1).await.unwrap();
    drop((p, events));
    let mut rest = 0;
    loop {
        match second.recv().await {
            Ok(_) => rest += 1,
            Err(error) => {
                assert_eq!(error, RecvError::Closed);
                break;
            }
        }
    }
    assert_eq!(rest, 6, "what was sent before the end arrives");
}

#[tokio::test]
async fn rule_7_a_lagging_subscriber_is_told_how_many_events_it_lost() {
    let events = Broadcast::new(4);
    let mut subscription = events.subscribe();
    let p = pipeline! { |_: u32| seq < double double double > }.with_bus(events);
    p.run(1).await.unwrap();
    assert_eq!(subscription.recv().await.unwrap_err(), RecvError::Lagged(4));
    for seq in 4..8 {
        assert_eq!(subscription.recv().await.unwrap().seq, seq);
    }
    assert!(subscription.try_recv().unwrap().is_none());
}

#[tokio::test]
async fn rule_7_without_subscribers_no_owned_event_is_built() {
    static PRINTED: AtomicU32 = AtomicU32::new(0);
    struct Costly;
    impl std::fmt::Debug for Costly {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            PRINTED.fetch_add(1, Ordering::Relaxed);
            f.write_str("Costly")
        }
    }
    let events = Broadcast::new(4);
    let p = pipeline! { |()| { Costly } }.with_bus(events.clone());
    p.run(()).await.unwrap();
    assert_eq!(PRINTED.load(Ordering::Relaxed), 0);
    let subscription = events.subscribe();
    p.run(()).await.unwrap();
    assert_eq!(PRINTED.load(Ordering::Relaxed), 1);
    drop(subscription);
    p.run(()).await.unwrap();
    assert_eq!(PRINTED.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn rule_7_a_subscriber_in_another_task_follows_the_run() {
    let events = Broadcast::new(64);
    let mut subscription = events.subscribe();
    let follower = tokio::spawn(async move {
        let mut running = Vec::new();
        while let Ok(event) = subscription.recv().await {
            if event.task_state() == Some(TaskState::Running) {
                running.push((event.name(), tokio::time::Instant::now()));
            }
        }
        running
    });
    let start = tokio::time::Instant::now();
    pipeline! { seq < sleep(3) as "a" sleep(4) as "b" > }.with_bus(events).run(()).await.unwrap();
    assert_eq!(follower.await.unwrap(), [("a", start), ("b", start + Duration::from_millis(3))]);
}

#[test]
#[should_panic(expected = "the capacity of a broadcast bus has to be at least 1")]
fn a_broadcast_bus_without_capacity_is_a_mistake() {
    let _ = Broadcast::new(0);
}

/// The lines of a run, without the run's number, which differs.
async fn lines<P: Run>(p: P, input: P::In, blocks: bool) -> Vec<String> {
    let log = LogBus::to(Vec::new()).blocks(blocks);
    let _ = p.with_bus(&log).run(input).await;
    let text = String::from_utf8(log.into_inner()).unwrap();
    text.lines().map(|line| line["#1   ".len()..].to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_log_has_a_readable_line_for_each_event() {
    let calls = AtomicU32::new(0);
    let save = |n| if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err("line one\nline two") } else { Ok(n) };
    let p = pipeline! {
        |_: Vec<u64>|
        seq(name = "ingest") <
            each(limit = 2) < sleep >
            |items: Vec<u64>| { items.len() }
            retry(max_attempts = 2, backoff = constant(1500ms), jitter = none) <
                circuit(fail_max = 1, reset_timeout = 1s) < |n: usize| { save(n) } as "save" >
            >
            par(limit = 1) < timeout(2s) < forever() > sleep(2) as "after" >
        >
    };
    assert_eq!(
        lines(&p, vec![10, 5], true).await,
        [
            "      0.000ms  ingest                    started",
            "      0.000ms  ingest/each               started with 2 items",
            "      0.000ms  ingest/each/sleep[0]      running",
            "      0.000ms  ingest/each/sleep[1]      running",
            "      5.000ms  ingest/each/sleep[1]      succeeded in 5ms: 5",
            "     10.000ms  ingest/each/sleep[0]      succeeded in 10ms: 10",
            "     10.000ms  ingest/each               succeeded in 10ms",
            "     10.000ms  ingest/inline             running",
            "     10.000ms  ingest/inline             succeeded in 0s: 2",
            "     10.000ms  ingest/retry              started",
            "     10.000ms  ingest/retry/circuit      started",
            "     10.000ms  ingest/retry/circuit/save         running",
            "     10.000ms  ingest/retry/circuit/save         failed after 0s: line one\\nline two",
            "     10.000ms  ingest/retry/circuit              closed -> open, tripped by failure 1",
            "     10.000ms  ingest/retry/circuit              failed after 0s, by `save`: line one\\nline two",
            "     10.000ms  ingest/retry                      retrying `save` in 1.5s, attempt 2",
            "   1510.000ms  ingest/retry/circuit              started (attempt 2)",
            "   1510.000ms  ingest/retry/circuit              open -> half-open",
            "   1510.000ms  ingest/retry/circuit/save         running (attempt 2)",
            "   1510.000ms  ingest/retry/circuit/save         succeeded (attempt 2) in 0s: 2",
            "   1510.000ms  ingest/retry/circuit              half-open -> closed",
            "   1510.000ms  ingest/retry/circuit              succeeded (attempt 2) in 0s",
            "   1510.000ms  ingest/retry                      succeeded in 1.5s",
            "   1510.000ms  ingest/par                        started",
            "   1510.000ms  ingest/par/after                  pending",
            "   1510.000ms  ingest/par/timeout                started",
            "   1510.000ms  ingest/par/timeout/forever        running",
            "   3510.000ms  ingest/par/timeout/forever        cancelled",
            "   3510.000ms  ingest/par/timeout                failed after 2s: timed out",
            "   3510.000ms  ingest/par/after                  cancelled",
            "   3510.000ms  ingest/par                        failed after 2s, by `timeout`: timed out",
            "   3510.000ms  ingest                            failed after 3.51s, by `timeout`: timed out",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_log_can_leave_out_blocks_that_do_nothing_by_themselves() {
    let p = pipeline! { seq < double(1) timeout(5ms) < par < forever() > > > };
    assert_eq!(
        lines(&p, (), false).await,
        [
            "      0.000ms  seq/double                running",
            "      0.000ms  seq/double                succeeded in 0s: 2",
            "      0.000ms  seq/timeout/par/forever   running",
            "      5.000ms  seq/timeout/par/forever   cancelled",
            "      5.000ms  seq/timeout               failed after 5ms: timed out",
        ]
    );
}

#[tokio::test]
async fn the_log_survives_a_writer_that_fails() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("no space left"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(pipeline! { |_: u32| double }.with_bus(LogBus::to(Full)).run(1).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_owned_event_displays_as_the_event_does() {
    let texts = Mutex::new(Vec::new());
    let both = bus::from_fn(|event: &Event<'_>| {
        let owned = OwnedEvent::from(event);
        let texts_of_both =
            [event.to_string(), owned.to_string(), OwnedEvent::from(&owned.as_event()).to_string()];
        texts.lock().unwrap().push(texts_of_both);
    });
    let p = pipeline! {
        |_: Vec<String>|
        seq < each < |text| { text } > |_| {} retry(max_attempts = 2) < circuit(fail_max = 1) < refuse() > > >
    };
    (&p).with_bus(&both).run(vec!["short".into(), "long\n".repeat(5000)]).await.unwrap_err();
    let texts = texts.into_inner().unwrap();
    assert!(texts.len() > 15);
    for [event, owned, again] in &texts {
        assert_eq!(event, owned);
        assert_eq!(event, again);
        assert!(event.lines().count() == 1 && event.chars().count() < 300, "{event}");
    }
}

#[tokio::test]
async fn a_recorder_says_what_is_not_balanced() {
    let whole = Recorder::new();
    let p = pipeline! { |_: u32| seq < double > };
    (&p).with_bus(&whole).run(1).await.unwrap();
    let events = whole.events();

    // Plays some of the events to another recorder, and gives what it says.
    let fault = |played: &[usize]| {
        let recorder = Recorder::new();
        for &number in played {
            recorder.emit(&events[number].as_event());
        }
        let payload = quietly(|| recorder.assert_balanced()).unwrap_err();
        payload.downcast_ref::<String>().unwrap().clone()
    };
    assert!(fault(&[0, 1, 2]).contains("seq                               started: has no end"));
    assert!(fault(&[0, 1, 3]).contains("is number 3, but 2 was due"));
    assert!(fault(&[0, 1, 3]).contains("ends before the steps inside it"));
    assert!(fault(&[0, 1, 2, 2, 3]).contains("comes after the end of its execution"));
    assert!(fault(&[0, 1, 1, 2, 3]).contains("starts for a second time"));
    assert!(fault(&[0, 2, 3]).contains("did not begin"));
    assert!(fault(&[1, 2]).contains("starts while the block around it does not run"));
    whole.assert_balanced();
}
