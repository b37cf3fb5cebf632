//! The block `race`: the first success wins.

use std::io;
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Breaker, BreakerState, ErrorKind, Run, TaskState, pipeline, task};
use tokio::time::{Instant, sleep};

use common::{Oops, at_once};

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
fn double(n: u32) -> u32 {
    n * 2
}

#[tokio::test(start_paused = true)]
async fn race_1_the_first_success_in_time_wins_and_ends_it() {
    let p = pipeline! { race < after(3, 1) after(2, 2) fail_after(1, "no") > };
    let start = Instant::now();
    assert_eq!(p.run(()).await.unwrap(), 2);
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[test]
fn race_1_in_one_poll_the_first_in_written_order_and_the_rest_never_start() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| race < double |n| { n + 1 } > };
    assert_eq!(at_once((&p).with_bus(&recorder).run(5)).unwrap(), 10);
    assert_eq!(recorder.paths(), ["race", "race/double"]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn race_2_losers_are_cancelled_before_it_ends() {
    let recorder = Recorder::new();
    let p = pipeline! { race < after(1, 1) after(9, 2) as "loser" > };
    (&p).with_bus(&recorder).run(()).await.unwrap();
    assert_eq!(recorder.states("race/loser"), [TaskState::Running, TaskState::Cancelled]);
    let last: Vec<_> = recorder.events().iter().rev().take(3).map(|event| event.path().to_owned()).collect();
    assert_eq!(last, ["race", "race/loser", "race/after"]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn race_2_a_circuit_in_a_loser_counts_nothing() {
    let breaker = Breaker::builder().fail_max(1).build();
    let p = pipeline! { race < after(1, 1) circuit(breaker = &breaker) < fail_after(2, "late") > > };
    for _ in 0..3 {
        assert_eq!(p.run(()).await.unwrap(), 1);
    }
    assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn race_3_a_failure_of_any_kind_ends_nothing() {
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        race <
            circuit(breaker = &breaker) < after(0, 1) >
            timeout(1s) < after(9, 2) >
            catch < |()| { if true { panic!("caught") }; 3 } >
            after(5, 4)
        >
    };
    assert_eq!(p.run(()).await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn race_4_all_failed_is_the_last_in_time_with_the_others() {
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        seq(name = "s") <
            race <
                fail_after(3, "a")
                timeout(1s) < after(9, 0) >
                circuit(breaker = &breaker) < after(0, 0) >
            >
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `s/race/fail_after` failed: a");
    let others: Vec<_> = error.others().iter().map(async_orch::Error::path).collect();
    assert_eq!(others, ["s/race/circuit", "s/race/timeout"], "in order of time");
    assert!(matches!(error.others()[0].kind(), ErrorKind::CircuitOpen { .. }));
    assert_eq!(error.others_left_out(), 0);
}

#[test]
fn race_4_of_many_errors_the_first_sixteen_are_kept() {
    let p = pipeline! {
        |_: u32|
        race <
            |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) }
            |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) }
            |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) } |n| { no(n) }
        >
    };
    fn no(n: u32) -> Result<u32, io::Error> {
        Err(io::Error::other(n.to_string()))
    }
    let error = at_once(p.run(1)).unwrap_err();
    assert_eq!((error.others().len(), error.others_left_out()), (16, 3));
}

#[test]
fn race_5_one_child_gives_its_output_and_the_piped_value_goes_to_all() {
    assert_eq!(at_once(pipeline! { |_: u32| race < double > }.run(4)).unwrap(), 8);
    let p = pipeline! { |_: String| race < |s| { s.parse::<u32>() } |s| { s.len() as u32 } > };
    assert_eq!(at_once(p.run("17".to_owned())).unwrap(), 17);
    assert_eq!(at_once(p.run("text".to_owned())).unwrap(), 4);
    // Only as many clones as there are users but one: what is used once needs none.
    struct NoClone(u32);
    let p = pipeline! { |_: NoClone| race < fail_now() |n| { n.0 } > };
    #[task]
    fn fail_now() -> Result<u32, Oops> {
        Err(Oops("now"))
    }
    assert_eq!(at_once(p.run(NoClone(3))).unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn race_6_dropped_it_drops_all_of_them() {
    let recorder = Recorder::new();
    let p = pipeline! { race < after(9, 1) after(9, 2) > }.with_bus(recorder.clone());
    let mut run = Box::pin(p.run(()));
    assert!(common::poll_once(run.as_mut()).is_pending());
    drop(run);
    recorder.assert_balanced();
    assert_eq!(recorder.states("race"), [TaskState::Running, TaskState::Cancelled]);
}

#[tokio::test(start_paused = true)]
async fn race_7_a_signal_ends_a_service() {
    #[task]
    async fn serve(_input: ()) -> &'static str {
        std::future::pending().await
    }
    #[task]
    async fn stop_signal() -> &'static str {
        sleep(Duration::from_secs(60)).await;
        "stopped"
    }
    assert_eq!(pipeline! { race < serve stop_signal() > }.run(()).await.unwrap(), "stopped");
}

#[tokio::test(start_paused = true)]
async fn race_8_of_many_only_those_woken_are_polled_and_the_rules_are_the_same() {
    let p = pipeline! {
        race <
            after(9, 1) after(8, 2) after(7, 3) after(6, 4) after(5, 5) after(4, 6) fail_after(1, "x")
            after(3, 8) after(9, 9) after(2, 10) after(9, 11) after(9, 12)
        >
    };
    assert_eq!(p.run(()).await.unwrap(), 10);
}
