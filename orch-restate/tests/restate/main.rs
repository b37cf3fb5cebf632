//! Runs on a real Restate server, whose workers are killed.
//!
//! Without the server's binary each test says `SKIPPED`, and with `ORCH_REQUIRE_RESTATE` it fails.

mod server;
mod world;

use std::time::{Duration, Instant};

use async_orch::ErrorKind;
use orch_restate::{Client, Error, RunError, Status, WorkerError};

use server::{World, port};
use world::No;

/// A process of the tests below; nothing in a run of the tests.
#[tokio::test]
async fn this_is_a_worker() {
    if let Ok(address) = std::env::var(world::ADDRESS) {
        world::work(&address).await;
    }
}

/// A server, or the end of the test.
macro_rules! world {
    ($name:literal) => {
        match World::new($name).await {
            Some(world) => world,
            None => return,
        }
    };
}

#[tokio::test]
async fn a_run_is_what_it_is_locally_and_a_key_is_one_run() {
    let world = world!("a_run_is_what_it_is_locally_and_a_key_is_one_run");
    let _worker = world.registered(port(), "").await;
    let seq = world.client.of::<u64, u64>("seq");
    let (one, other) = world
        .within("two with one key", async {
            tokio::join!(seq.run("käse 1/2", &1), seq.run("käse 1/2", &1))
        })
        .await;
    assert_eq!((one.unwrap(), other.unwrap()), (6, 6));
    assert!(!seq.start("käse 1/2", &70).await.unwrap(), "it is there");
    assert_eq!(world.within("it again", seq.attach("käse 1/2")).await.unwrap(), 6);
    assert_eq!(seq.status("käse 1/2").await.unwrap(), Status::Succeeded);
    // Another pipeline has keys of its own.
    assert!(matches!(
        world.client.of::<u64, u64>("par").status("käse 1/2").await,
        Err(Error::UnknownRun { .. })
    ));
    // The key of a run is that which its tasks see. It has a blank in it.
    let text = world.log().iter().filter(|[verb, ..]| verb == "begin").count();
    assert_eq!(text, 5);
}

#[tokio::test]
async fn a_worker_is_killed_in_a_sequence() {
    let world = world!("a_worker_is_killed_in_a_sequence");
    let (at, seq) = (port(), world.client.of::<u64, u64>("seq"));
    let mut worker = world.registered(at, "").await;
    seq.start("k", &1).await.unwrap();
    for step in ["b", "c", "d"] {
        world.logged("begin", "k", step).await;
        worker.kill();
        worker = world.worker(at, "").await;
    }
    assert_eq!(world.within("the run", seq.attach("k")).await.unwrap(), 6);
    world.twice_at_most("k", 3);
    assert_eq!(world.begun("k").len(), 5);
}

#[tokio::test]
async fn a_worker_is_killed_in_branches() {
    let world = world!("a_worker_is_killed_in_branches");
    let (at, par) = (port(), world.client.of::<u64, u64>("par"));
    let mut worker = world.registered(at, "").await;
    par.start("k", &1).await.unwrap();
    // One branch has a finished task, and both have one in flight.
    world.logged("end", "k", "b1").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    worker.kill();
    worker = world.worker(at, "").await;
    world.logged("end", "k", "a2").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    worker.kill();
    let _worker = world.worker(at, "").await;
    assert_eq!(world.within("the run", par.attach("k")).await.unwrap(), 6);
    let begun = world.begun("k");
    assert_eq!(begun.len(), 4);
    // `b2` was in flight at both.
    assert!(begun.values().all(|times| *times <= 3) && begun["seq/par/seq/b1"] == 1, "{begun:?}");
    assert!(
        begun.iter().filter(|(_, times)| **times == 3).all(|(step, _)| step.ends_with("b2")),
        "{begun:?}"
    );
}

#[tokio::test]
async fn a_worker_is_killed_while_a_retry_waits() {
    let world = world!("a_worker_is_killed_while_a_retry_waits");
    let (at, backoff) = (port(), world.client.of::<u64, u64>("backoff").with_error::<No>());
    let mut worker = world.registered(at, "").await;
    backoff.start("k", &1).await.unwrap();
    let since = Instant::now();
    for attempt in ["third#1", "third#2"] {
        world.logged("end", "k", attempt).await;
        // What it has given is written down by then.
        tokio::time::sleep(Duration::from_millis(300)).await;
        worker.kill();
        worker = world.worker(at, "").await;
    }
    assert_eq!(world.within("the run", backoff.attach("k")).await.unwrap(), 2);
    let begun = world.begun("k");
    assert!(begun.len() == 3 && begun.values().all(|times| *times == 1), "each attempt once: {begun:?}");
    assert!(since.elapsed() >= Duration::from_secs(3), "it has waited twice: {:?}", since.elapsed());
}

/// A port behind which there are several workers, as they are there.
async fn balanced(ports: [u16; 2]) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for connection in 0.. {
            let Ok((mut one, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                for other in 0..2 {
                    let address = ("127.0.0.1", ports[(connection + other) % 2]);
                    if let Ok(mut other) = tokio::net::TcpStream::connect(address).await {
                        let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn one_of_two_workers_is_killed() {
    let mut world = world!("one_of_two_workers_is_killed");
    world.restart_with(&[("RESTATE_WORKER__INVOKER__HTTP2_STREAMS_PER_CONNECTION_LIMIT", "1")]).await;
    let ports = [port(), port()];
    let mut workers = [world.worker(ports[0], "").await, world.worker(ports[1], "").await];
    let address = format!("http://127.0.0.1:{}", balanced(ports).await);
    world.client.register(&address).await.unwrap();
    let seq = world.client.of::<u64, u64>("seq");
    let keys: Vec<String> = (0..8).map(|key| format!("k{key}")).collect();
    for key in &keys {
        seq.start(key, &1).await.unwrap();
    }
    for key in &keys {
        world.logged("begin", key, "b").await;
    }
    let processes =
        || world.log().into_iter().map(|[.., process]| process).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(processes().len(), 2, "both have runs");
    workers[0].kill();
    for key in &keys {
        assert_eq!(world.within(key, seq.attach(key)).await.unwrap(), 6);
        world.twice_at_most(key, 1);
    }
}

/// Whatever is under way when: each run comes to its result, and only what a process had that was killed begins again.
#[tokio::test]
async fn workers_are_killed_again_and_again() {
    let world = world!("workers_are_killed_again_and_again");
    let ports = [port(), port()];
    let mut workers = [world.worker(ports[0], "").await, world.worker(ports[1], "").await];
    world.client.register(&format!("http://127.0.0.1:{}", balanced(ports).await)).await.unwrap();
    let runs = ["seq", "par", "race", "timeout", "backoff", "seq", "par"]
        .map(|name| (name, world.client.of::<u64, u64>(name)));
    for (which, (name, runs)) in runs.iter().enumerate() {
        runs.start(&format!("{name}-{which}"), &1).await.unwrap();
    }
    let mut killed = std::collections::BTreeSet::new();
    for (turn, wait) in [330, 90, 470, 250, 610, 140, 380, 520, 210, 290].into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let worker = &mut workers[turn % 2];
        killed.insert(worker.id());
        worker.kill();
        *worker = world.worker(ports[turn % 2], "").await;
    }
    for (which, (name, runs)) in runs.iter().enumerate() {
        let key = format!("{name}-{which}");
        let output = match *name {
            "backoff" => 2,
            "race" | "timeout" => 3,
            _ => 6,
        };
        assert_eq!(world.within(&key, runs.attach(&key)).await.unwrap(), output, "{key}");
        let mut begun = std::collections::BTreeMap::<_, Vec<_>>::new();
        for [verb, of, step, process] in world.log() {
            if verb == "begin" && of == key {
                begun.entry(step).or_default().push(process);
            }
        }
        for (step, processes) in begun {
            let (_, before) = processes.split_last().unwrap();
            assert!(
                before.iter().all(|process| killed.contains(process)),
                "{key} {step}: {processes:?} {killed:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_server_is_killed() {
    let mut world = world!("the_server_is_killed");
    let _worker = world.registered(port(), "").await;
    let (seq, par) = (world.client.of::<u64, u64>("seq"), world.client.of::<u64, u64>("par"));
    seq.start("s", &1).await.unwrap();
    par.start("p", &1).await.unwrap();
    world.logged("begin", "s", "c").await;
    world.kill_server();
    assert!(matches!(seq.attach("s").await, Err(RunError::Restate(Error::Unreachable { .. }))));
    world.start_server().await;
    assert_eq!(world.within("the sequence", seq.attach("s")).await.unwrap(), 6);
    assert_eq!(world.within("the branches", par.attach("p")).await.unwrap(), 6);
    // What had ended and was on its way to the server may run again, as what was in flight.
    for (key, steps) in [("s", 5), ("p", 4)] {
        let mut begun = std::collections::BTreeMap::new();
        for [verb, of, step, _] in world.log() {
            if verb == "begin" && of == key {
                *begun.entry(step).or_insert(0) += 1;
            }
        }
        assert!(begun.len() == steps && begun.values().all(|times| *times <= 2), "{begun:?}");
    }
}

#[tokio::test]
async fn losers_of_a_timeout_and_a_race_stop_at_once() {
    let world = world!("losers_of_a_timeout_and_a_race_stop_at_once");
    let (at, since) = (port(), Instant::now());
    let mut worker = world.registered(at, "").await;
    for pipeline in ["timeout", "race"] {
        let runs = world.client.of::<u64, u64>(pipeline);
        runs.start(pipeline, &1).await.unwrap();
        world.logged("drop", pipeline, "slow").await;
        world.logged("begin", pipeline, "after").await;
        // And nobody begins it again.
        worker.kill();
        worker = world.worker(at, "").await;
        assert_eq!(world.within(pipeline, runs.attach(pipeline)).await.unwrap(), 3);
        let begun = world.begun(pipeline);
        assert!(
            begun.iter().all(|(step, times)| *times == 1 + u32::from(step.ends_with("after"))),
            "{begun:?}"
        );
        let log = world.log();
        let place = |verb: &str, step: &str| {
            log.iter().position(|[v, k, s, _]| v == verb && k == pipeline && s.ends_with(step)).unwrap()
        };
        assert!(place("drop", "slow") < place("begin", "after"), "{log:?}");
    }
    assert!(since.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_circuit_that_one_worker_has_opened_rejects_on_the_other() {
    let world = world!("a_circuit_that_one_worker_has_opened_rejects_on_the_other");
    let ports = [port(), port()];
    let circuit = world.client.of::<u64, u64>("circuit").with_error::<No>();
    let mut one = world.registered(ports[0], "").await;
    for key in ["one", "two"] {
        let Err(RunError::Failed(failed)) = world.within(key, circuit.run(key, &7)).await else { panic!() };
        assert_eq!(
            (failed.task(), failed.path.as_str(), failed.attempts),
            (Some(&No { of: 7 }), "seq/circuit/never", 1)
        );
        assert_eq!(failed.to_string(), "step `seq/circuit/never` failed: no 7");
    }
    // A worker that has never seen it fail: at another address, to which new runs go.
    let other = world.registered(ports[1], "").await;
    one.kill();
    let Err(RunError::Failed(failed)) = world.within("three", circuit.run("three", &7)).await else {
        panic!()
    };
    let Some(ErrorKind::CircuitOpen { retry_after, last_failure, .. }) = failed.kind else {
        panic!("{failed}")
    };
    assert!(
        retry_after > Duration::from_secs(30) && last_failure.as_deref() == Some(r#"{"of":7}"#),
        "{retry_after:?}"
    );
    assert!(world.begun("three").is_empty(), "the task was not asked");
    drop(other);
}

#[tokio::test]
async fn a_circuit_opens_within_a_run_and_is_closed_by_a_probe() {
    let world = world!("a_circuit_opens_within_a_run_and_is_closed_by_a_probe");
    let _worker = world.registered(port(), "").await;
    // As locally: the second failure opens it, and the third attempt is turned away, which is not tried again.
    let tries = world.client.of::<u64, u64>("tries").with_error::<No>();
    let Err(RunError::Failed(failed)) = world.within("tries", tries.run("k", &7)).await else { panic!() };
    assert!(matches!(failed.kind, Some(ErrorKind::CircuitOpen { .. })), "{failed}");
    assert_eq!(world.begun("k").len(), 2);
    let probe = world.client.of::<u64, u64>("probe").with_error::<No>();
    assert!(world.within("opens", probe.run("opens", &1)).await.is_err());
    let Err(RunError::Failed(failed)) = world.within("open", probe.run("open", &1_000)).await else {
        panic!()
    };
    assert!(matches!(failed.kind, Some(ErrorKind::CircuitOpen { .. })), "{failed}");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(world.within("closes", probe.run("closes", &1_000)).await.unwrap(), 1_000);
    assert!(world.within("fails", probe.run("fails", &1)).await.is_err());
    let kept = world.rows("SELECT value_utf8 FROM state WHERE service_name = 'OrchBreaker' AND service_key = 'probe/seq/circuit'").await;
    assert!(
        kept[0]["value_utf8"].as_str().is_some_and(|kept| kept.contains(r#""state":"open""#)),
        "{kept:?}"
    );
}

/// The worker that had asked the circuit is gone when there is something to tell it.
#[tokio::test]
async fn a_circuit_is_told_of_a_run_that_was_gone_through_once_more() {
    let world = world!("a_circuit_is_told_of_a_run_that_was_gone_through_once_more");
    let (at, slowly) = (port(), world.client.of::<u64, u64>("slowly").with_error::<No>());
    let mut worker = world.registered(at, "").await;
    slowly.start("k", &1).await.unwrap();
    world.logged("begin", "k", "slow").await;
    worker.kill();
    let _worker = world.worker(at, "").await;
    let Err(RunError::Failed(failed)) = world.within("k", slowly.attach("k")).await else { panic!() };
    assert_eq!(failed.task(), Some(&No { of: 2 }));
    let Err(RunError::Failed(failed)) = world.within("l", slowly.run("l", &1)).await else { panic!() };
    assert!(matches!(failed.kind, Some(ErrorKind::CircuitOpen { .. })), "{failed}");
}

#[tokio::test]
async fn a_breaker_with_a_name_is_one_circuit_in_two_pipelines() {
    let world = world!("a_breaker_with_a_name_is_one_circuit_in_two_pipelines");
    let _worker = world.registered(port(), "").await;
    let [this, that] = ["this", "that"].map(|name| world.client.of::<u64, u64>(name).with_error::<No>());
    let Err(RunError::Failed(failed)) = world.within("this", this.run("k", &1)).await else { panic!() };
    assert_eq!(failed.task(), Some(&No { of: 1 }));
    let Err(RunError::Failed(failed)) = world.within("that", that.run("k", &1)).await else { panic!() };
    assert!(matches!(failed.kind, Some(ErrorKind::CircuitOpen { .. })), "{failed}");
}

#[tokio::test]
async fn places_of_a_bulkhead_and_a_throttle_are_those_of_the_process() {
    let world = world!("places_of_a_bulkhead_and_a_throttle_are_those_of_the_process");
    let _worker = world.registered(port(), "").await;
    let gates = world.client.of::<Vec<u64>, u64>("gates");
    assert_eq!(world.within("gates", gates.run("k", &(0..50).collect())).await.unwrap(), 1_275);
}

#[tokio::test]
async fn a_saga_whose_worker_is_killed_goes_on_undoing() {
    let world = world!("a_saga_whose_worker_is_killed_goes_on_undoing");
    let (at, undo) = (port(), world.client.of::<u64, u64>("undo"));
    let mut worker = world.registered(at, "").await;
    undo.start("k", &1).await.unwrap();
    for step in ["refund", "release"] {
        world.logged("begin", "k", step).await;
        worker.kill();
        worker = world.worker(at, "").await;
    }
    let Err(RunError::Failed(failed)) = world.within("k", undo.attach("k")).await else { panic!() };
    assert!(failed.path.ends_with("never"), "{failed}");
    world.twice_at_most("k", 2);
    let ended: Vec<_> =
        world.log().into_iter().filter(|[verb, ..]| verb == "end").map(|[_, _, step, _]| step).collect();
    let names: Vec<_> = ended.iter().map(|step| step.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["reserve", "charge", "never", "refund", "release"]);
}

#[tokio::test]
async fn two_hundred_steps_and_a_thousand_items() {
    let world = world!("two_hundred_steps_and_a_thousand_items");
    let _worker = world.registered(port(), "").await;
    let since = Instant::now();
    assert_eq!(world.within("many", world.client.of::<u64, u64>("many").run("k", &1)).await.unwrap(), 201);
    let many = since.elapsed();
    let items: Vec<u64> = (0..1_000).collect();
    let all = world.within("all", world.client.of::<Vec<u64>, u64>("all").run("k", &items)).await.unwrap();
    assert_eq!(all, items.iter().map(|n| n + 1).sum::<u64>());
    eprintln!("200 steps: {many:?}, 1,000 items: {:?}", since.elapsed() - many);
    let entries = world
        .rows("SELECT count(*) AS n FROM sys_journal j JOIN sys_invocation i ON j.id = i.id WHERE i.target_service_name = 'all'")
        .await;
    assert!(
        entries[0]["n"].as_u64().is_some_and(|n| n < 100),
        "what has finished by then is written down together: {entries:?}"
    );
}

#[tokio::test]
async fn a_run_that_is_cancelled_stops_at_once() {
    let world = world!("a_run_that_is_cancelled_stops_at_once");
    let _worker = world.registered(port(), "").await;
    // One whose task is under way, and one that waits.
    for (pipeline, verb, step) in [("long", "begin", "long"), ("sleepy", "end", "nap#1")] {
        let runs = world.client.of::<u64, u64>(pipeline);
        runs.start(pipeline, &1).await.unwrap();
        world.logged(verb, pipeline, step).await;
        assert!(!runs.status(pipeline).await.unwrap().is_end());
        assert!(runs.cancel(pipeline).await.unwrap());
        let cancelled = world.within("it ends", runs.attach(pipeline)).await;
        assert!(matches!(cancelled, Err(RunError::Restate(Error::Cancelled { .. }))), "{cancelled:?}");
        assert_eq!(runs.status(pipeline).await.unwrap(), Status::Cancelled);
        assert!(!runs.cancel(pipeline).await.unwrap(), "it has an end");
    }
    world.logged("drop", "long", "long").await;
}

/// By the server's own means, `restate invocations cancel` or its page.
#[tokio::test]
async fn a_run_that_the_server_cancels_ends_before_its_next_step() {
    let world = world!("a_run_that_the_server_cancels_ends_before_its_next_step");
    let _worker = world.registered(port(), "").await;
    let seq = world.client.of::<u64, u64>("seq");
    seq.start("k", &1).await.unwrap();
    world.logged("begin", "k", "b").await;
    let id = seq.id("k").await.unwrap();
    let cancel = reqwest::Client::new().patch(format!("{}/invocations/{id}/cancel", world.admin()));
    assert!(cancel.send().await.unwrap().status().is_success());
    let cancelled = world.within("it ends", seq.attach("k")).await;
    assert!(matches!(cancelled, Err(RunError::Restate(Error::Cancelled { .. }))), "{cancelled:?}");
    assert!(world.begun("k").len() <= 3);
}

#[tokio::test]
async fn a_changed_pipeline_names_the_first_step_that_differs_and_keeps_the_run() {
    let world = world!("a_changed_pipeline_names_the_first_step_that_differs_and_keeps_the_run");
    let (at, order) = (port(), world.client.of::<u64, u64>("order"));
    let mut worker = world.registered(at, "").await;
    order.start("k", &1).await.unwrap();
    world.logged("begin", "k", "charge").await;
    worker.kill();
    worker = world.worker(at, "changed").await;
    let error = world.within("the run stops", order.attach("k")).await.unwrap_err();
    let RunError::Restate(Error::Changed { key, was, is, .. }) = &error else { panic!("{error}") };
    assert_eq!((key.as_str(), was.as_str(), is.as_str()), ("k", "run seq/charge", "run seq/bill"));
    assert!(matches!(order.status("k").await.unwrap(), Status::Retrying(_)));
    // With the pipeline that it was begun with it goes on.
    worker.kill();
    let _worker = world.worker(at, "").await;
    assert_eq!(world.within("the run goes on", order.attach("k")).await.unwrap(), 3);
    world.twice_at_most("k", 1);
}

/// The name of the first step is the same, and what it is given is not.
#[tokio::test]
async fn a_run_whose_step_is_given_something_else_stops() {
    let world = world!("a_run_whose_step_is_given_something_else_stops");
    let (at, order) = (port(), world.client.of::<u64, u64>("given"));
    let mut worker = world.registered(at, "").await;
    order.start("k", &1).await.unwrap();
    world.logged("begin", "k", "charge").await;
    worker.kill();
    let _worker = world.worker(at, "changed").await;
    let error = world.within("the run stops", order.attach("k")).await.unwrap_err();
    let RunError::Restate(Error::Changed { was, is, .. }) = &error else { panic!("{error}") };
    assert!(was.starts_with("run seq/reserve of ") && is.starts_with("run seq/reserve of "), "{was} {is}");
    assert!(was.ends_with(" (version 1)") && is.ends_with(" (version 2)"), "{was} {is}");
    assert!(world.client.of::<u64, u64>("given").cancel("k").await.unwrap());
}

#[tokio::test]
async fn what_is_not_there_is_a_clear_error() {
    let nobody = format!("http://127.0.0.1:{}", port());
    let client = Client::new(&nobody, &nobody).unwrap();
    let errors = [
        client.of::<u64, u64>("seq").start("k", &1).await.unwrap_err(),
        client.of::<u64, u64>("seq").status("k").await.unwrap_err(),
        client.register("http://127.0.0.1:1").await.unwrap_err(),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(matches!(error, Error::Unreachable { .. }), "{text}");
        assert!(text.starts_with(&format!("the Restate server at {nobody} cannot be reached: ")), "{text}");
        assert!(text.contains("Connection refused"), "{text}");
    }
    assert!(matches!(Client::new("here", &nobody), Err(Error::Address { .. })));

    let world = world!("what_is_not_there_is_a_clear_error");
    // A server is there, and nothing else.
    let error = world.client.of::<u64, u64>("seq").start("k", &1).await.unwrap_err();
    assert!(matches!(error, Error::UnknownPipeline { .. }), "{error}");
    let error = world.client.of::<u64, u64>("seq").attach("k").await.unwrap_err();
    assert!(matches!(error, RunError::Restate(Error::UnknownRun { .. })), "{error}");
    let error = world.client.register(&format!("http://127.0.0.1:{}", port())).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(world.client.version().await.unwrap(), "1.7.12");
    // Who asks for another type than there is.
    let _worker = world.registered(port(), "").await;
    let error = world.within("text", world.client.of::<u64, String>("seq").run("t", &1)).await.unwrap_err();
    assert!(matches!(error, RunError::Restate(Error::Value { what: "output", .. })), "{error}");
    // The server does not know what is an input.
    let error = world.client.of::<&str, u64>("seq").run("text", &"one").await.unwrap_err();
    let RunError::Restate(Error::Refused { message, .. }) = &error else { panic!("{error}") };
    assert!(message.starts_with("no input of this pipeline: invalid type"), "{message}");
}

/// Something that is no Restate server, or one of another time.
#[tokio::test]
async fn a_server_of_another_version_is_named() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let body = r#"{"version":"2.1.0"}"#;
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let error = Client::new(&address, &address).unwrap().register("http://127.0.0.1:1").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the Restate server at {address} is of version 2.1.0; this version of orch-restate speaks with 1.5 to 1.x"
        )
    );
}

#[tokio::test]
async fn a_failure_has_its_path_its_attempts_and_the_error_of_its_task() {
    let world = world!("a_failure_has_its_path_its_attempts_and_the_error_of_its_task");
    let _worker = world.registered(port(), "").await;
    let fails = world.client.of::<u64, u64>("fails").with_error::<No>();
    // The second time it is what was kept.
    for _ in 0..2 {
        let Err(RunError::Failed(failed)) = world.within("it fails", fails.run("k", &9)).await else {
            panic!()
        };
        assert_eq!(failed.to_string(), "step `seq/retry/never` failed after 2 attempts: no 9");
        assert_eq!(
            (failed.path.as_str(), failed.attempts, failed.task()),
            ("seq/retry/never", 2, Some(&No { of: 9 }))
        );
    }
    assert_eq!(world.status("fails", "k").await, Status::Failed);
    assert_eq!(world.begun("k").len(), 2);
}

#[tokio::test]
async fn what_is_told_again_says_so() {
    let world = world!("what_is_told_again_says_so");
    let (at, watched) = (port(), world.client.of::<u64, u64>("watched"));
    let mut worker = world.registered(at, "").await;
    assert_eq!(world.within("at one go", watched.run("one", &1)).await.unwrap(), 4);
    assert!(world.log().iter().all(|[verb, ..]| verb != "again"), "nothing of it was told before");
    watched.start("two", &1).await.unwrap();
    world.logged("begin", "two", "c").await;
    worker.kill();
    let _worker = world.worker(at, "").await;
    assert_eq!(world.within("in two", watched.attach("two")).await.unwrap(), 4);
    let told = |verb: &str, key: &str, step: &str| {
        world.log().iter().filter(|[v, k, s, _]| v == verb && k == key && s.ends_with(step)).count()
    };
    for step in ["seq/a", "seq/b", "seq/c"] {
        assert_eq!(told("new", "one", step), 1, "{step}");
        assert_eq!(told("new", "two", step), 1, "{step}");
        assert_eq!(told("again", "two", step), usize::from(step != "seq/c"), "{step}");
    }
}

#[tokio::test]
async fn the_server_is_told_of_the_inactivity_timeout() {
    let world = world!("the_server_is_told_of_the_inactivity_timeout");
    let _worker = world.registered(port(), "").await;
    let service = world.admin_get("services/seq").await;
    let handler = &service["handlers"][0];
    assert!(handler["inactivity_timeout"].to_string().contains("2m 3s"), "{service}");
    assert_eq!(service["metadata"]["orch.version"], "1");
}

#[tokio::test]
async fn a_worker_that_cannot_be_says_why() {
    use async_orch::{Breaker, pipeline, task};
    use orch_restate::Worker;

    #[task]
    async fn plain(n: u64) -> u64 {
        n
    }

    let options = |timeout| Worker::options("http://127.0.0.1:1", Duration::from_secs(timeout));
    let double = || pipeline! { |_: u64| |n| { n * 2 } };
    let bind =
        async |options: orch_restate::Options| options.bind("127.0.0.1:0").await.map(drop).unwrap_err();
    assert!(matches!(bind(options(0)).await, WorkerError::Inactivity));
    for name in ["", "7", "a b", "a/b", "OrchBreaker"] {
        let error = bind(options(1).pipeline_with_text_errors(name, double())).await;
        assert!(matches!(&error, WorkerError::Name { name: found, .. } if found == name), "{error}");
    }
    let error =
        bind(options(1).pipeline_with_text_errors("a", double()).pipeline_with_text_errors("a", double()))
            .await;
    assert!(matches!(error, WorkerError::Twice { .. }), "{error}");
    let breaker = Breaker::new();
    let error = bind(options(1).breaker("a", &breaker).breaker("a", &breaker)).await;
    assert!(matches!(error, WorkerError::Twice { .. }), "{error}");
    let error =
        bind(options(1).pipeline_with_text_errors("a", pipeline! { |_: u64| seq < plain > }.boxed())).await;
    assert!(
        error.to_string().starts_with("the pipeline `a` cannot be served: step `seq/plain` ("),
        "{error}"
    );
    assert!(matches!(bind(Worker::options("here", Duration::from_secs(1))).await, WorkerError::Address(_)));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = options(1).bind(taken.local_addr().unwrap()).await.map(drop).unwrap_err();
    assert!(matches!(error, WorkerError::Bind { .. }), "{error}");
}
