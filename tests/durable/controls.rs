//! Runs that go another way when they are gone through once more. That this is found out is what the other tests rest on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_orch::durable::Fault;
use async_orch::{pipeline, task};

use super::cases::process;
use super::engine::{Journal, OnDisk, is_crash};
use super::world::{World, work};
use super::{Process, Ran};

/// How many of the runs that are gone through once more are found to go another way.
async fn faults(at_once: u32, run: impl AsyncFn(&World, Process) -> Ran) -> usize {
    let world = World::default();
    let mut faults = 0;
    for seed in 0..40 {
        let start = |journal, ends_at| {
            run(&world, Process { journal, seed, ends_at, at_once, on_disk: None, is_local: false })
        };
        let whole = start(Journal::default(), usize::MAX).await.journal;
        for ends_at in 0..whole.entries.len() {
            let left = start(Journal::default(), ends_at).await;
            assert!(left.result.is_err_and(|fault| is_crash(&fault)));
            // The process that goes on gives what it has one by one.
            let again = run(
                &world,
                Process {
                    journal: left.journal,
                    seed,
                    ends_at: usize::MAX,
                    at_once: 1,
                    on_disk: None,
                    is_local: false,
                },
            )
            .await;
            faults += usize::from(matches!(again.result, Err(Fault::Changed { .. })));
        }
    }
    faults
}

#[tokio::test(start_paused = true)]
async fn three_deliveries_between_two_polls_are_found_out() {
    let run = async |w: &World, one: Process| {
        let p = pipeline! { |_: Vec<u64>| each(limit = 4) < seq < work(w, _) work(w, _) > > };
        process(p, (0..9).collect(), one).await
    };
    assert_eq!(faults(1, run).await, 0);
    assert!(faults(3, run).await > 0);
}

#[task(durable)]
async fn first(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n
}

/// The order of a map is another in each process, and here in each run.
#[tokio::test(start_paused = true)]
async fn the_order_of_a_map_is_found_out() {
    let run = async |_: &World, one: Process| {
        let p = pipeline! {
            |_: u64| seq < |n| { (0..n).map(|key| (key, ())).collect::<HashMap<u64, ()>>().into_keys().collect::<Vec<_>>() } each < first > >
        };
        process(p, 8, one).await
    };
    assert!(faults(1, run).await > 0);
}

#[derive(Default)]
struct Outside {
    calls: AtomicU64,
    seen: Mutex<BTreeSet<u64>>,
}

/// How often it was called before, in all processes.
#[task(durable)]
fn count(outside: &Outside) -> u64 {
    outside.calls.fetch_add(1, Ordering::Relaxed)
}

#[task(durable)]
fn see(n: u64, outside: &Outside) {
    outside.seen.lock().unwrap().insert(n);
}

/// What `see` has seen in a process that ends after each entry of its journal, and in the one that goes on.
async fn seen(on_disk: OnDisk) -> Vec<BTreeSet<u64>> {
    let mut all = Vec::new();
    for ends_at in 1.. {
        let outside = Outside::default();
        let start = |journal, ends_at| {
            let p = pipeline! { |_: u64| seq < count(&outside) see(_, &outside) see(1_000, &outside) > };
            let (on_disk, seed) = (Some(on_disk), 1);
            process(p, 0, Process { journal, seed, ends_at, at_once: 1, on_disk, is_local: false })
        };
        let left = start(Journal::default(), ends_at).await;
        if left.result.is_ok() {
            break;
        }
        start(left.journal, usize::MAX).await.result.unwrap();
        all.push(outside.seen.into_inner().unwrap());
    }
    all
}

/// A step that begins has begun with what stays: what it was given is on the disk by then.
#[tokio::test(start_paused = true)]
async fn an_order_before_what_was_delivered_is_on_the_disk_is_found_out() {
    for on_disk in [OnDisk::AtOnce, OnDisk::BeforeOrders] {
        let all = seen(on_disk).await;
        assert!(all.len() > 3 && all.iter().all(|seen| seen.len() == 2), "{all:?}");
    }
    let all = seen(OnDisk::AtTheEnd).await;
    assert!(all.iter().any(|seen| seen.len() == 3), "{all:?}");
}
