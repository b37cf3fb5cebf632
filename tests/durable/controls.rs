//! Runs that go another way when they are gone through once more. That this is found out is what the other tests rest on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_orch::durable::{Durable, Fault, Mailbox, drive_by};
use async_orch::{Run, pipeline, task};
use orch_test::Memory;

use super::world::{World, work};

/// How many of the runs that are gone through once more are found to go another way, where the first process is given so many
/// answers between two polls. The one that goes on has what it is given one by one.
async fn faults<P: Durable + Run<In: Clone>>(at_once: u32, p: &P, input: P::In) -> usize {
    let mut faults = 0;
    for seed in 0..40 {
        let first = async |ends_at: usize| {
            let (mut memory, mailbox) = (Memory::new(), Mailbox::new(7));
            memory.order(seed).hasty().crash_after(ends_at);
            let run = p.on(&mailbox).run(input.clone());
            let is_fault = drive_by(&mailbox, run, &mut memory, at_once).await.is_err();
            assert_eq!((is_fault, memory.has_crashed()), (ends_at < usize::MAX, ends_at < usize::MAX));
            memory.restart();
            memory
        };
        let whole = first(usize::MAX).await.entries().len();
        for ends_at in 0..whole {
            let mut memory = first(ends_at).await;
            let mailbox = Mailbox::new(7);
            let run = p.on(&mailbox).run(input.clone());
            let again = drive_by(&mailbox, run, memory.order(seed), 1).await;
            faults += usize::from(matches!(again, Err(Fault::Changed { .. })));
        }
    }
    faults
}

#[tokio::test(start_paused = true)]
async fn three_deliveries_between_two_polls_are_found_out() {
    let w = &World::default();
    let p = pipeline! { |_: Vec<u64>| each(limit = 4) < seq < work(w, _) work(w, _) > > };
    assert_eq!(faults(1, &p, (0..9).collect()).await, 0);
    assert!(faults(3, &p, (0..9).collect()).await > 0);
}

#[task(durable)]
async fn first(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n
}

/// The order of a map is another in each process, and here in each run.
#[tokio::test(start_paused = true)]
async fn the_order_of_a_map_is_found_out() {
    let p = pipeline! {
        |_: u64|
        seq <
            |n| { (0..n).map(|key| (key, ())).collect::<HashMap<u64, ()>>().into_keys().collect::<Vec<_>>() }
            each < first >
        >
    };
    assert!(faults(1, &p, 8).await > 0);
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

/// What `see` has seen in a process that ends after each entry of its journal, and in the one that goes on with what that has `left`.
fn seen(left: impl Fn(&mut Memory)) -> Vec<BTreeSet<u64>> {
    let mut all = Vec::new();
    for ends_at in 1.. {
        let outside = Outside::default();
        let p = pipeline! { |_: u64| seq < count(&outside) see(_, &outside) see(1_000, &outside) > };
        let mut memory = Memory::new();
        if memory.late().crash_after(ends_at).run(&p, 0).is_ok() {
            return all;
        }
        left(&mut memory);
        memory.run(&p, 0).unwrap().unwrap();
        all.push(outside.seen.into_inner().unwrap());
    }
    all
}

/// A step that begins has begun with what stays: what it was given is written down by then.
#[test]
fn an_order_before_what_was_delivered_is_written_is_found_out() {
    let all = seen(|_| {});
    assert!(all.len() > 3 && all.iter().all(|seen| seen.len() == 2), "{all:?}");
    // An engine that writes at the end of the run alone.
    let all = seen(|memory| memory.truncate(0));
    assert!(all.iter().any(|seen| seen.len() == 3), "{all:?}");
}
