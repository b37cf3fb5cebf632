//! The block `fallback`: alternatives in order, until one succeeds.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::bus::{self, Recorder};
use async_orch::{
    BoxPipeline, Breaker, BreakerState, Error, ErrorKind, Event, FallingBack, LastError, Run, TaskState,
    pipeline, task,
};
use orch_test::Simulation;
use tokio::time::{Instant, sleep};

use common::{Census, Oops, Sheep, Trace, at_once, every_execution_ends_once, polled};

mod common;

#[task]
async fn after(seconds: u64, answer: u32) -> u32 {
    sleep(Duration::from_secs(seconds)).await;
    answer
}

#[task]
async fn fail_after(seconds: u64, text: &'static str) -> Result<u32, Oops> {
    sleep(Duration::from_secs(seconds)).await;
    Err(Oops(text))
}

#[task]
fn no(text: &'static str) -> Result<u32, Oops> {
    Err(Oops(text))
}

#[task]
fn yes(n: u32) -> u32 {
    n
}

fn others(error: &Error) -> Vec<String> {
    error.others().iter().map(|error| error.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn fallback_1_one_at_a_time_in_written_order_and_the_first_success_ends_it() {
    let p = pipeline! { fallback < fail_after(3, "a") fail_after(2, "b") after(1, 3) after(0, 4) > };
    let start = Instant::now();
    assert_eq!(p.run(()).await.unwrap(), 3);
    assert_eq!(start.elapsed().as_secs(), 6);
}

#[test]
fn fallback_1_an_alternative_that_is_not_needed_has_no_event() {
    let trace = Trace::default();
    let p = pipeline! { fallback < yes(1) no("never") retry < yes(2) > > };
    assert_eq!(at_once((&p).with_bus(&trace).run(())).unwrap(), 1);
    let told = ["fallback started", "fallback/yes running", "fallback/yes succeeded", "fallback succeeded"];
    assert_eq!(trace.lines(), told);
}

#[tokio::test(start_paused = true)]
async fn fallback_2_any_failure_goes_on_rejections_and_timeouts_included() {
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        fallback <
            circuit(breaker = &breaker) < after(0, 1) >
            timeout(1s) < after(9, 2) >
            catch < |()| { if true { panic!("caught") }; 3 } >
            retry(max_attempts = 2, backoff = constant(0s)) < no("twice") >
            yes(5)
        >
    };
    assert_eq!(p.run(()).await.unwrap(), 5);
}

#[test]
fn fallback_2_what_failed_is_dropped_before_the_next_starts_which_is_told() {
    let census = Census::default();
    let trace = Trace::default();
    let p = pipeline! {
        |_: u32|
        fallback(name = "f") <
            async |_| { let _live = census.enter(); Err::<usize, _>(Oops("a")) } as "a"
            |_| { census.alive() } as "b"
        >
    };
    assert_eq!(at_once((&p).with_bus(&trace).run(7)).unwrap(), 0);
    let events = trace.take();
    every_execution_ends_once(&events);
    let lines: Vec<_> = events.iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    let told = [
        "f started",
        "f/a running",
        "f/a failed",
        "f told of fallback",
        "f/b running",
        "f/b succeeded",
        "f succeeded",
    ];
    assert_eq!(lines, told);
}

#[test]
fn fallback_2_the_event_names_who_failed_and_who_follows() {
    let told = Mutex::new(Vec::new());
    let inner = pipeline! { seq(name = "inner") < no("c") > };
    let bus = bus::from_fn(|event: &Event<'_>| {
        if let Some(FallingBack { step, to, .. }) = event.falling_back() {
            told.lock().unwrap().push((event.node.path().to_owned(), step, to));
        }
    });
    let p = pipeline! {
        fallback < no("a") as "a" retry(name = "r", max_attempts = 1) < no("b") > { &inner } yes(1) >
    };
    assert_eq!(at_once((&p).with_bus(&bus).run(())).unwrap(), 1);
    let path = "fallback".to_owned();
    assert_eq!(
        *told.lock().unwrap(),
        [(path.clone(), "a", "r"), (path.clone(), "no", "inner"), (path, "no", "yes")]
    );
}

#[test]
fn fallback_3_when_narrows_and_is_not_asked_about_the_last() {
    let asked = AtomicU32::new(0);
    let p = pipeline! {
        |_: u32|
        fallback(
            when = |e| { asked.fetch_add(1, SeqCst); e.downcast_ref::<Oops>().is_some_and(|oops| oops.0 != "final") }
        ) <
            no("a")
            |n| { if n == 0 { Err(Oops("final")) } else { Err(Oops("b")) } }
            no("c")
        >
    };
    let error = at_once(p.run(0)).unwrap_err();
    assert_eq!(error.downcast_ref::<Oops>(), Some(&Oops("final")));
    assert_eq!(others(&error), ["step `fallback/no` failed: a"], "the earlier ones are there too");
    assert_eq!(asked.load(SeqCst), 2);
    let error = at_once(p.run(1)).unwrap_err();
    assert_eq!(error.downcast_ref::<Oops>(), Some(&Oops("c")));
    assert_eq!((error.others().len(), asked.load(SeqCst)), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn fallback_4_all_failed_is_the_last_error_with_those_before_it() {
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        seq(name = "s") <
            fallback <
                circuit(breaker = &breaker) < after(0, 0) >
                timeout(1s) < after(9, 0) >
                fail_after(1, "last")
            >
        >
    };
    for observed in [false, true] {
        let error = if observed {
            (&p).with_bus(&Recorder::new()).run(()).await.unwrap_err()
        } else {
            p.run(()).await.unwrap_err()
        };
        assert_eq!(error.to_string(), "step `s/fallback/fail_after` failed: last");
        let paths: Vec<_> = error.others().iter().map(Error::path).collect();
        assert_eq!(paths, ["s/fallback/circuit", "s/fallback/timeout"], "in order of time");
        assert!(matches!(error.others()[0].kind(), ErrorKind::CircuitOpen { .. }));
        assert_eq!(error.others_left_out(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn fallback_4_errors_of_a_block_inside_come_after_those_before_it() {
    let p = pipeline! { fallback < no("a") race < fail_after(1, "b") fail_after(2, "c") > > };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Oops>(), Some(&Oops("c")));
    assert_eq!(others(&error), ["step `fallback/no` failed: a", "step `fallback/race/fail_after` failed: b"]);
}

#[test]
fn fallback_4_of_many_errors_the_first_sixteen_are_kept() {
    let p = pipeline! {
        |_: u32|
        fallback <
            no("1") no("2") no("3") no("4") no("5") no("6") no("7") no("8") no("9") no("10") no("11") no("12")
            no("13") no("14") no("15") no("16") no("17") no("18") no("19") no("20")
        >
    };
    for error in [at_once(p.run(1)), at_once((&p).with_bus(&Recorder::new()).run(1))].map(Result::unwrap_err)
    {
        assert_eq!(error.downcast_ref::<Oops>(), Some(&Oops("20")));
        assert_eq!((error.others().len(), error.others_left_out()), (16, 3));
        assert_eq!(error.others()[15].downcast_ref::<Oops>(), Some(&Oops("16")));
    }
}

#[test]
fn fallback_4_an_error_that_a_step_has_kept_is_counted() {
    let kept: Mutex<Option<LastError>> = Mutex::new(None);
    let p = pipeline! {
        fallback <
            no("a")
            |(), cx| { *kept.lock().unwrap() = cx.last_error(); Err::<u32, _>(Oops("b")) }
            no("c")
        >
    };
    let error = at_once(p.run(())).unwrap_err();
    assert_eq!(others(&error), ["step `fallback/inline` failed: b"]);
    assert_eq!(error.others_left_out(), 1);
    assert_eq!(kept.lock().unwrap().as_ref().unwrap().downcast_ref::<Oops>(), Some(&Oops("a")));
}

#[test]
fn fallback_5_the_value_is_cloned_when_one_starts_that_is_not_the_last_user() {
    let p = pipeline! {
        |_: Sheep|
        fallback <
            |s| { if s.dolly { Err(Oops("a")) } else { Ok(9) } }
            no("b")
            |s| { if s.dolly { 1 } else { 2 } }
            yes(4)
        >
    };
    let (sheep, clones) = Sheep::new();
    assert_eq!((at_once(p.run(sheep)).unwrap(), clones()), (2, 1), "the last user gets the value itself");
    let p =
        pipeline! { |_: Sheep| fallback < yes(1) |s| { u32::from(s.dolly) } |s| { u32::from(s.dolly) } > };
    let (sheep, clones) = Sheep::new();
    assert_eq!((at_once(p.run(sheep)).unwrap(), clones()), (1, 0), "none for those that never start");
    struct NoClone(u32);
    let p = pipeline! { |_: NoClone| fallback < no("now") |n| { n.0 } yes(7) > };
    assert_eq!(at_once(p.run(NoClone(3))).unwrap(), 3);
}

#[test]
fn fallback_5_a_value_that_no_alternative_uses_is_dropped_at_the_start() {
    let census = Census::default();
    let p = pipeline! { |_: common::Live| fallback < no("a") |_| { census.alive() as u32 } > };
    assert_eq!(at_once(p.run(census.enter())).unwrap(), 0);
}

#[test]
fn fallback_5_one_alone_is_that_child() {
    let p = pipeline! { |_: u32| fallback < |n| { if n > 0 { Ok(n) } else { Err(Oops("zero")) } } > };
    assert_eq!(at_once(p.run(4)).unwrap(), 4);
    let error = at_once(p.run(0)).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.others().len()),
        ("step `fallback/inline` failed: zero", 0)
    );
}

#[test]
fn fallback_6_a_panic_falls_back_to_nothing() {
    let trace = Trace::default();
    let p = pipeline! { |_: u32| fallback < no("a") |n| { assert!(n > 0, "oh"); n } as "b" yes(3) > };
    let run = (&p).with_bus(&trace);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(run.run(0)).map(drop)));
    assert!(panic.is_err());
    let events = trace.take();
    every_execution_ends_once(&events);
    let last = &events[events.len() - 2..];
    let lines: Vec<_> = last.iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(lines, ["fallback/b failed", "fallback failed"]);
}

#[test]
fn fallback_6_nor_does_a_panic_of_when_or_of_a_clone() {
    #[derive(Debug)]
    struct Bomb(u32);
    impl Clone for Bomb {
        fn clone(&self) -> Self {
            panic!("no clone")
        }
    }
    let by_when = pipeline! { fallback(when = |_| panic!("when")) < no("a") yes(1) > };
    let by_clone = pipeline! { |_: Bomb| fallback < no("a") |b| { b.0 } |b| { b.0 } > };
    let trace = Trace::default();
    for panicked in [
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            at_once((&by_when).with_bus(&trace).run(()))
        })),
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            at_once((&by_clone).with_bus(&trace).run(Bomb(1)))
        })),
    ] {
        assert!(panicked.is_err());
    }
    let events = trace.take();
    every_execution_ends_once(&events);
    assert_eq!(
        events.iter().filter(|seen| seen.path == "fallback" && seen.what == common::What::Failed).count(),
        2
    );
}

#[tokio::test]
async fn fallback_7_an_alternative_sees_the_error_before_and_the_attempt_around() {
    let p = pipeline! {
        retry(max_attempts = 2, backoff = constant(0s)) < fallback <
            |(), cx| { Err::<Vec<String>, _>(see("a", cx)) }
            async |(), cx| { tokio::task::yield_now().await; Err(see("b", cx)) }
            |(), cx| { if cx.attempt() == 1 { Err(see("c", cx)) } else { Ok(vec![see("c", cx).to_string()]) } }
        > >
    };
    fn see(name: &str, cx: &async_orch::Context<'_>) -> io::Error {
        let before = cx.last_error().map_or("none".to_owned(), |error| error.reason());
        io::Error::other(format!("{name}{} after {before}", cx.attempt()))
    }
    let seen = p.run(()).await.unwrap();
    // In the second attempt the first alternative comes after what ended the first attempt.
    assert_eq!(seen, ["c2 after b2 after a2 after c1 after b1 after a1 after none"]);
}

#[tokio::test(start_paused = true)]
async fn fallback_8_dropped_at_every_await_it_is_cancelled_in_the_alternative_that_runs() {
    let census = Census::default();
    #[task]
    async fn holds(census: Census, fails: bool) -> Result<u32, Oops> {
        let _live = census.enter();
        tokio::task::yield_now().await;
        sleep(Duration::from_millis(1)).await;
        if fails { Err(Oops("no")) } else { Ok(1) }
    }
    let p = pipeline! {
        fallback <
            holds(census.clone(), true)
            retry(max_attempts = 2) < holds(census.clone(), true) >
            holds(census.clone(), false)
        >
    };
    let trace = Trace::default();
    for polls in 0.. {
        let given_up = polled((&p).with_bus(&trace).run(()), polls).await;
        assert_eq!(census.alive(), 0);
        let events = trace.take();
        every_execution_ends_once(&events);
        if let Some(finished) = given_up {
            assert_eq!(finished.unwrap(), 1);
            assert!(polls > 8, "{polls}");
            break;
        }
        if polls > 0 {
            assert_eq!(events.last().unwrap().what, common::What::Cancelled);
        }
    }
}

#[tokio::test]
async fn fallback_9_a_circuit_around_counts_its_result_and_one_inside_its_own() {
    let (outer, inner) = (Breaker::builder().fail_max(1).build(), Breaker::builder().fail_max(1).build());
    let p = pipeline! {
        circuit(breaker = &outer) < fallback < circuit(breaker = &inner) < no("a") > yes(2) > >
    };
    for _ in 0..3 {
        assert_eq!(p.run(()).await.unwrap(), 2);
    }
    assert_eq!((outer.state(), outer.failures()), (BreakerState::Closed, 0));
    assert!(matches!(inner.state(), BreakerState::Open { .. }));
}

#[tokio::test(start_paused = true)]
async fn fallback_9_with_settle_and_retry_around_and_inside() {
    let calls = AtomicU32::new(0);
    let third = || if calls.fetch_add(1, SeqCst) < 4 { Err(Oops("not yet")) } else { Ok(3_u32) };
    let p = pipeline! {
        settle <
            retry(max_attempts = 3, backoff = constant(1s), jitter = none) <
                fallback < |()| { third() } |()| { third() } >
            >
        >
    };
    let start = Instant::now();
    assert_eq!(p.run(()).await.unwrap().unwrap(), 3);
    assert_eq!((calls.load(SeqCst), start.elapsed().as_secs()), (5, 2));
    // A settle in a sequence of an alternative: the steps after it judge.
    let p = pipeline! { fallback < seq < settle < no("a") > |r| { r } > yes(8) > };
    assert_eq!(p.run(()).await.unwrap(), 8);
}

#[tokio::test(start_paused = true)]
async fn fallback_10_embedded_boxed_and_on_another_runtime_it_is_the_same() {
    let p = pipeline! {
        |_: String| fallback < fail_after(1, "a") |s| { s.parse::<u32>() } |s| { s.len() as u32 } >
    };
    let outer = pipeline! { |_: String| fallback < { &p } no("z") > };
    for (text, answer) in [("17", 17), ("text", 4)] {
        assert_eq!(outer.run(text.to_owned()).await.unwrap(), answer);
        assert_eq!(Simulation::new().run(&p, text.to_owned()).unwrap(), answer);
    }
    let recorder = Recorder::new();
    let boxed: BoxPipeline<'_, (), u32> =
        pipeline! { fallback < no("a") after(1, 6) > }.with_bus(recorder.clone()).boxed();
    assert_eq!(boxed.run(()).await.unwrap(), 6);
    recorder.assert_balanced();
    assert_eq!(recorder.states("fallback"), [TaskState::Running, TaskState::Succeeded]);
}

#[test]
fn fallback_11_in_a_graph_the_alternatives_are_joined_by_or_else() {
    let p = pipeline! { |_: u32| fallback(when = |e| e.is_retryable()) < yes timeout(1s) < yes > no("c") > };
    assert_eq!(
        p.graph().to_mermaid(),
        r#"flowchart TD
    subgraph n0 ["fallback(when = |e| e.is_retryable())"]
        n1["yes"]
        subgraph n2 ["timeout(1s)"]
            n3["yes"]
        end
        n4["no"]
        n1 -. or else .-> n2
        n2 -. or else .-> n4
    end
"#
    );
    assert_eq!(
        p.graph().to_string(),
        "fallback(when = |e| e.is_retryable())\n├─ yes\n├─ timeout(1s)\n│  └─ yes\n└─ no"
    );
}
