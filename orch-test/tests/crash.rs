//! Crashes of durable pipelines, and that what is wrong after one is found out.
#![cfg(feature = "durable")]

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use async_orch::durable::Fault;
use async_orch::{Context, pipeline, task};
use orch_test::{Crashes, Memory, crash_everywhere};
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("no {0}")]
struct No(u64);

#[task(durable)]
async fn work(n: u64) -> u64 {
    for _ in 0..n % 3 {
        yield_now().await;
    }
    n + 1
}

#[task(durable)]
async fn even(n: u64) -> Result<u64, No> {
    yield_now().await;
    if n.is_multiple_of(2) { Ok(n) } else { Err(No(n)) }
}

#[task(durable)]
fn third(cx: &Context<'_>, n: u64) -> Result<u64, No> {
    if cx.attempt() < 3 { Err(No(n)) } else { Ok(n) }
}

#[task(durable)]
async fn hangs() -> u64 {
    std::future::pending().await
}

#[task(durable)]
async fn sleeps(n: u64) -> u64 {
    tokio::time::sleep(std::time::Duration::from_secs(n)).await;
    n
}

fn says(test: impl FnOnce() -> usize) -> String {
    let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("it is found out");
    payload.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn pipelines_survive_a_crash_at_every_point() {
    let p = pipeline! {
        |_: Vec<u64>|
        each(limit = 3) < seq < work retry(max_attempts = 4, backoff = exponential(10ms)) < third > > >
    };
    // Of each item four attempts and two waits, asked for and done.
    assert_eq!(crash_everywhere(&p, (0..4).collect()), 40 * 4 * (4 + 2) * 2);
    let p = pipeline! { |_: u64| par < seq < work work > race < work work work > fallback < even work > > };
    crash_everywhere(&p, 1);
    let p = pipeline! {
        seq < settle < timeout(5s) < hangs() > > |done| { u64::from(done.is_err()) } work sleeps >
    };
    crash_everywhere(&p, ());
    let p = pipeline! { |_: u64| saga < work undo work even undo work even > };
    crash_everywhere(&p, 2);
}

#[tokio::test]
async fn also_inside_of_tokio() {
    assert_eq!(crash_everywhere(&pipeline! { |_: u64| seq < work work > }, 1), 40 * 4);
}

#[test]
fn what_had_ended_is_not_done_again_and_what_was_under_way_at_most_twice() {
    // No `Mutex` as such: that has serde's `Serialize`, and would be an argument that is another after the crash.
    #[derive(Default)]
    struct World(Mutex<BTreeMap<u64, u32>>);
    #[task(durable)]
    async fn counted(world: &World, n: u64) -> u64 {
        *world.0.lock().unwrap().entry(n).or_default() += 1;
        yield_now().await;
        n
    }
    let again = AtomicU64::new(0);
    let crashes = Crashes::new().orders(10).everywhere(|crash| {
        let world = World::default();
        let p = || pipeline! { |_: Vec<u64>| each(limit = 2) < counted(&world, _) > };
        assert_eq!(crash.run(p, vec![1, 2, 3]).unwrap(), [1, 2, 3]);
        let calls = world.0.into_inner().unwrap();
        assert!(calls.values().all(|times| *times <= if crash.is_one() { 2 } else { 1 }), "{calls:?}");
        again.fetch_add(calls.values().filter(|times| **times == 2).count() as u64, SeqCst);
    });
    assert_eq!(crashes, 10 * 6);
    assert!(again.into_inner() > 0, "some were under way");
}

#[test]
fn what_goes_by_the_order_of_a_map_is_found_out() {
    let p = pipeline! {
        |_: u64| seq <
            |n| { (0..n).map(|key| (key, ())).collect::<HashMap<u64, ()>>().into_keys().collect::<Vec<_>>() }
            each < work >
            |mut all| { all.sort(); all }
        >
    };
    let said = says(|| crash_everywhere(&p, 8));
    assert!(said.starts_with("a crash after "), "{said}");
    assert!(said.contains("the pipeline is not the one that this run was begun with"), "{said}");
    assert!(said.contains("ORCH_SEED=0") && said.contains("\n  - 0: run seq/each/work[0]"), "{said}");
}

#[test]
fn a_result_that_there_is_only_after_a_crash_is_found_out() {
    // What was counted in the process is gone with it.
    let calls = AtomicU64::new(0);
    let counts = |n: u64| {
        let before = calls.fetch_add(1, SeqCst);
        if before > 250 { n + 100 } else { n }
    };
    let p = pipeline! { |_: u64| seq < work |n| { counts(n) } > };
    let said = says(|| crash_everywhere(&p, 1));
    assert!(said.contains("gives `102`, and without a crash there are {\"2\"}"), "{said}");
}

#[test]
fn a_task_that_never_ends_is_told() {
    let said = says(|| crash_everywhere(&pipeline! { seq < hangs() > }, ()));
    assert!(said.contains("a run without a crash (ORCH_SEED=0): the run waits for something"), "{said}");
}

#[test]
fn a_boxed_pipeline_is_looked_into() {
    #[task]
    fn plain(n: u64) -> u64 {
        n
    }
    let p = pipeline! { |_: u64| seq < plain > }.boxed();
    let said = says(|| crash_everywhere(&p, 1));
    assert!(said.starts_with("step `seq/plain` (orch-test/tests/crash.rs:"), "{said}");
}

#[test]
fn a_test_without_a_run_is_told() {
    let payload = catch_unwind(|| Crashes::new().everywhere(|_| {})).unwrap_err();
    let said = payload.downcast_ref::<String>().cloned().unwrap_or_default();
    let said = if said.is_empty() { (*payload.downcast_ref::<&str>().unwrap()).to_owned() } else { said };
    assert!(said.contains("has something run"), "{said}");
}

/// Two crashes, the second one while it is gone through what the first has left.
#[test]
fn a_run_survives_any_two_crashes() {
    let p = pipeline! { |_: u64| seq < work par < work even(4) > |(n, _)| { n } work > };
    let mut whole = Memory::new();
    whole.run(&p, 1).unwrap().unwrap();
    for first in 0..whole.entries().len() {
        for second in 0..=first + 2 {
            let mut memory = Memory::new();
            assert!(memory.order(1).crash_after(first).run(&p, 1).is_err());
            let again = memory.order(2).crash_after(second).run(&p, 1);
            assert_eq!(again.is_err(), memory.has_crashed());
            assert_eq!(memory.order(3).run(&p, 1).unwrap().unwrap(), 4, "{first}, {second}");
        }
    }
}

#[test]
fn a_changed_pipeline_fits_a_run_or_is_told() {
    let was = pipeline! { |_: u64| seq < work even work > };
    let mut memory = Memory::new();
    assert!(memory.crash_after(4).run(&was, 1).is_err());
    let longer = pipeline! { |_: u64| seq < work even work work > };
    assert_eq!(memory.clone().run(&longer, 1).unwrap().unwrap(), 4);
    let other = pipeline! { |_: u64| seq < work third work > };
    let fault = memory.clone().run(&other, 1).unwrap_err();
    assert!(matches!(&fault, Fault::Changed { .. }) && fault.to_string().contains("seq/third"), "{fault}");
    assert_eq!(memory.run(&was, 1).unwrap().unwrap(), 3, "and is kept");
    assert_eq!(memory.finished(), ["seq/work", "seq/even", "seq/work~2"]);
    memory.truncate(2);
    assert_eq!(memory.finished(), ["seq/work"]);
}

/// What a test asserts of a crash is told with it.
#[test]
fn a_test_that_fails_says_after_which_crash() {
    let p = pipeline! { |_: u64| seq < work work > };
    let said = says(|| {
        Crashes::new().orders(3).everywhere(|crash| {
            let result = crash.run(|| &p, 1).unwrap();
            assert!(!crash.is_one() || result != 3, "three");
        })
    });
    assert!(
        said.starts_with("a crash after 0 entries (ORCH_SEED=0), at orch-test/tests/crash.rs:"),
        "{said}"
    );
    assert!(said.contains(": three\n\nAgain: ORCH_SEED=0 cargo test a_test_that_fails_says"), "{said}");
}

/// A timeout is over when its time is, whether tasks wait on tokio's clock or take no time.
#[test]
fn time_goes_on_when_nothing_else_can() {
    let in_time = pipeline! { |_: u64| timeout(10s) < seq < work even sleeps > > };
    Crashes::new().orders(10).everywhere(|crash| assert_eq!(crash.run(|| &in_time, 5).unwrap(), 6));
    let late = pipeline! { |_: u64| settle < timeout(10s) < sleeps > > };
    Crashes::new().orders(10).everywhere(|crash| {
        assert!(crash.run(|| &late, 11).unwrap().is_err());
    });
    // Of two waits the shorter one, wherever they are.
    let first = pipeline! {
        |_: u64| race < seq < |_| { 3 } sleeps > retry(backoff = constant(4s), jitter = none) < third > >
    };
    Crashes::new().orders(10).everywhere(|crash| assert_eq!(crash.run(|| &first, 7).unwrap(), 3));
    let ended = AtomicU64::new(0);
    Crashes::new().hasty().everywhere(|crash| {
        if crash.run(|| &in_time, 5).is_err() {
            ended.fetch_add(1, SeqCst);
        }
    });
    assert!(ended.into_inner() > 0);
}
