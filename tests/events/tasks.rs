//! Rule 3: the states of tasks, and that each execution ends exactly once.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::TaskState::{Cancelled, Failed, Pending, Retrying, Running, Succeeded};
use async_orch::bus::{self, Recorder};
use async_orch::{BlockEvent, Error, Event, EventKind, Panicked, Run, TaskEvent, pipeline, task};

use super::{double, explode, forever, poll, quietly, refuse, sleep, told};

#[derive(Clone, PartialEq)]
struct Opaque(u64);

#[task]
fn hide(n: u64) -> Opaque {
    Opaque(n)
}

#[tokio::test(start_paused = true)]
async fn rule_3_succeeded_carries_the_output_and_the_time() {
    // A panic in a bus is dropped, so what was right is counted.
    let right = Mutex::new(Vec::new());
    let check = bus::from_fn(|event: &Event<'_>| {
        let EventKind::Task(TaskEvent::Succeeded { output, elapsed, .. }) = event.kind else { return };
        match event.node.name() {
            "sleep" => {
                assert_eq!((output.downcast_ref(), output.downcast_ref::<u32>()), (Some(&5_u64), None));
                assert_eq!(format!("{:?}", output.debug().unwrap()), "5");
                assert_eq!(elapsed, Duration::from_millis(5));
            }
            "hide" => {
                assert!(output.downcast_ref() == Some(&Opaque(5)));
                assert!(output.debug().is_none() && output.value().is::<Opaque>());
                assert_eq!(elapsed, Duration::ZERO);
            }
            _ => assert_eq!(output.downcast_ref(), Some(&"text")),
        }
        right.lock().unwrap().push(event.node.name());
    });
    let recorder = Recorder::new();
    let p = pipeline! { seq < sleep(5) hide |_| { "text" } > };
    (&p).with_bus((&check, &recorder)).run(()).await.unwrap();
    assert_eq!(*right.lock().unwrap(), ["sleep", "hide", "inline"]);
    assert_eq!(
        ["seq/sleep", "seq/hide", "seq/inline"].map(|path| recorder.of(path)[1].output().map(str::to_owned)),
        [Some("5".to_owned()), None, Some("\"text\"".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn rule_3_failed_carries_the_error_and_the_time() {
    let right = Mutex::new(Vec::new());
    let check = bus::from_fn(|event: &Event<'_>| {
        let (error, elapsed) = match event.kind {
            EventKind::Task(TaskEvent::Failed { error, elapsed, .. }) => (error, elapsed),
            EventKind::Block(BlockEvent::Failed { error, elapsed, origin, .. }) => {
                assert_eq!(origin.unwrap().name(), "refuse");
                (error, elapsed)
            }
            _ => return,
        };
        let error: &Error = error.downcast_ref().unwrap();
        assert_eq!(error.path(), "seq/refuse");
        assert!(error.is::<io::Error>());
        right.lock().unwrap().push((event.node.name(), elapsed.as_millis()));
    });
    let recorder = Recorder::new();
    let p = pipeline! { seq < sleep(5) refuse() > };
    (&p).with_bus((&check, &recorder)).run(()).await.unwrap_err();
    assert_eq!(*right.lock().unwrap(), [("refuse", 0), ("seq", 5)]);
    for path in ["seq/refuse", "seq"] {
        let failed = recorder.of(path).pop().unwrap();
        assert_eq!(failed.error(), Some("step `seq/refuse` failed: connection refused"));
        assert_eq!(failed.reason(), Some("connection refused"));
    }
}

#[tokio::test(start_paused = true)]
async fn rule_3_pending_only_where_a_start_waits() {
    let recorder = Recorder::new();
    let p = pipeline! { par(limit = 2) < sleep(1) as "a" sleep(2) as "b" sleep(3) as "c" seq < sleep(4) > > };
    (&p).with_bus(&recorder).run(()).await.unwrap();
    assert_eq!(recorder.states("par/a"), [Running, Succeeded]);
    assert_eq!(recorder.states("par/b"), [Running, Succeeded]);
    assert_eq!(recorder.states("par/c"), [Pending, Running, Succeeded]);
    assert_eq!(recorder.states("par/seq"), [Pending, Running, Succeeded]);
    assert_eq!(recorder.states("par/seq/sleep"), [Running, Succeeded]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_3_a_start_that_waits_in_vain_is_cancelled() {
    let recorder = Recorder::new();
    let p = pipeline! { par(limit = 1) < refuse() sleep(1) seq < sleep(2) > > };
    (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(
        told(&recorder),
        [
            "par running",
            "par/sleep pending",
            "par/seq pending",
            "par/refuse running",
            "par/refuse failed",
            "par/sleep cancelled",
            "par/seq cancelled",
            "par failed",
        ]
    );
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_3_retrying_is_the_retrys_own_and_follows_the_failure() {
    let calls = AtomicU32::new(0);
    let recorder = Recorder::new();
    let p = pipeline! {
        retry(max_attempts = 3, backoff = exponential(2s), jitter = none) < seq <
            |()| { if calls.fetch_add(1, Ordering::Relaxed) < 2 { Err("busy") } else { Ok(()) } } as "flaky"
        > >
    };
    (&p).with_bus(&recorder).run(()).await.unwrap();

    assert_eq!(recorder.states("retry"), [Running, Retrying, Retrying, Succeeded]);
    assert_eq!(recorder.states("retry/seq/flaky"), [Running, Failed, Running, Failed, Running, Succeeded]);
    assert_eq!(
        told(&recorder)[..6],
        [
            "retry running",
            "retry/seq running",
            "retry/seq/flaky running",
            "retry/seq/flaky failed",
            "retry/seq failed",
            "retry retrying",
        ]
    );
    let retrying: Vec<_> = recorder
        .of("retry")
        .into_iter()
        .filter_map(|event| event.retrying())
        .map(|retry| (retry.step, retry.attempt, retry.delay.as_secs()))
        .collect();
    assert_eq!(retrying, [("flaky", 2, 2), ("flaky", 3, 4)]);
    assert!(!Retrying.is_terminal());
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_3_the_last_failure_is_not_followed_by_retrying() {
    let recorder = Recorder::new();
    let p = pipeline! { retry(max_attempts = 2, backoff = constant(1s)) < refuse() > };
    (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(recorder.states("retry"), [Running, Retrying, Failed]);
    assert_eq!(recorder.states("retry/refuse"), [Running, Failed, Running, Failed]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_3_all_six_states_occur() {
    let recorder = Recorder::new();
    let p = pipeline! {
        par <
            retry(max_attempts = 2, backoff = constant(5ms), jitter = none) < refuse() >
            par(limit = 1) < sleep(1) forever() >
        >
    };
    (&p).with_bus(&recorder).run(()).await.unwrap_err();
    let events = recorder.events();
    for state in [Pending, Running, Succeeded, Failed, Retrying, Cancelled] {
        assert!(events.iter().any(|event| event.task_state() == Some(state)), "{state}");
    }
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_3_a_run_dropped_anywhere_ends_every_execution_once() {
    for polls in 0.. {
        let calls = AtomicU32::new(0);
        let recorder = Recorder::new();
        let bare = pipeline! { |n: u64| sleep(*n) };
        let p = pipeline! {
            |_: Vec<u64>|
            seq <
                each(limit = 2) < sleep seq < sleep > >
                |mut items: Vec<u64>| { items.pop().unwrap() }
                par(limit = 2) <
                    sleep
                    retry(max_attempts = 3, backoff = constant(3ms)) <
                        circuit(fail_max = 9, reset_timeout = 1s) <
                            |n: u64| { if calls.fetch_add(1, Ordering::Relaxed) < 2 { Err("busy") } else { Ok(n) } }
                        >
                    >
                    timeout(2ms) < sleep(1) >
                    { &bare }
                >
                catch < sleep(3) >
            >
        };
        let p = p.with_bus(&recorder);
        let mut run = Box::pin(p.run(vec![2, 1, 3]));
        let mut finished = false;
        for _ in 0..polls {
            if poll(run.as_mut()).is_ready() {
                finished = true;
                break;
            }
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        drop(run);
        recorder.assert_balanced();
        assert_eq!(recorder.events().is_empty(), polls == 0);
        if finished {
            assert!(polls > 10, "there was something to drop: {polls}");
            return;
        }
    }
}

#[tokio::test]
async fn rule_3_a_panic_fails_the_task_and_cancels_its_siblings() {
    let recorder = Recorder::new();
    let p = pipeline! { seq < par < forever() as "before" explode() forever() as "after" > > };
    let p = p.with_bus(&recorder);
    let mut run = Box::pin(p.run(()));
    let payload = quietly(|| poll(run.as_mut())).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"out of cheese"), "the caller gets the panic itself");
    drop(run);

    assert_eq!(
        told(&recorder),
        [
            "seq running",
            "seq/par running",
            "seq/par/before running",
            "seq/par/explode running",
            "seq/par/explode failed",
            "seq/par/before cancelled",
            "seq/par failed",
            "seq failed",
        ]
    );
    for path in ["seq/par/explode", "seq/par", "seq"] {
        assert_eq!(recorder.of(path)[1].reason(), Some("panicked: out of cheese"), "{path}");
    }
    recorder.assert_balanced();

    let messages = Mutex::new(Vec::new());
    let keep = bus::from_fn(|event: &Event<'_>| {
        if let Some(panicked) = event.error().and_then(|error| error.downcast_ref::<Panicked>()) {
            messages.lock().unwrap().push(panicked.message().to_owned());
        }
    });
    let p = p.with_bus(&keep);
    assert!(quietly(|| poll(Box::pin(p.run(())).as_mut())).is_err());
    assert_eq!(*messages.lock().unwrap(), ["out of cheese"; 3]);
}

#[tokio::test]
async fn rule_3_a_panic_outside_of_a_task_fails_the_block_that_called_it() {
    let recorder = Recorder::new();
    let p = pipeline! {
        seq < circuit(fail_max = 2, reset_timeout = 1s, ignore = |_| panic!("no opinion")) < refuse() > >
    };
    let p = p.with_bus(&recorder);
    assert!(quietly(|| poll(Box::pin(p.run(())).as_mut())).is_err());
    assert_eq!(
        told(&recorder),
        [
            "seq running",
            "seq/circuit running",
            "seq/circuit/refuse running",
            "seq/circuit/refuse failed",
            "seq/circuit failed",
            "seq failed",
        ]
    );
    assert_eq!(recorder.of("seq")[1].reason(), Some("panicked: no opinion"));
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_3_a_panic_that_is_caught_fails_what_is_inside_the_catch() {
    let recorder = Recorder::new();
    let p = pipeline! { seq < catch < par < forever() seq < explode() > > > > };
    let error = (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "block `seq/catch` panicked: out of cheese");
    assert_eq!(
        told(&recorder)[6..],
        [
            "seq/catch/par/seq/explode failed",
            "seq/catch/par/forever cancelled",
            "seq/catch/par/seq failed",
            "seq/catch/par failed",
            "seq/catch failed",
            "seq failed",
        ]
    );
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_3_a_panic_on_another_thread_is_a_failure() {
    #[task(blocking)]
    fn aside() {
        panic!("out of cheese");
    }
    let recorder = Recorder::new();
    let p = pipeline! { seq < aside() > };
    (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(recorder.states("seq/aside"), [Running, Failed]);
    assert_eq!(recorder.of("seq/aside")[1].reason(), Some("panicked: out of cheese"));
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_3_a_destructor_that_panics_leaves_no_end_out() {
    struct Mine;
    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("destructor");
        }
    }
    let recorder = Recorder::new();
    let p = pipeline! {
        seq <
            par < forever() async |()| { let _mine = Mine; std::future::pending::<()>().await } as "mine" >
        >
    };
    let p = p.with_bus(&recorder);
    let mut run = Box::pin(p.run(()));
    assert!(poll(run.as_mut()).is_pending());
    assert!(quietly(|| drop(run)).is_err());
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_3_an_infallible_run_of_a_plain_task_has_two_events() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| double };
    assert_eq!((&p).with_bus(&recorder).run(4).await.unwrap(), 8);
    assert_eq!(recorder.states("double"), [Running, Succeeded]);
    assert_eq!(recorder.events().len(), 2);
}
