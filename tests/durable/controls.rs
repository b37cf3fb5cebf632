//! Runs that go another way when they are gone through once more. That this is found out is what the other tests rest on.

use std::collections::HashMap;

use async_orch::durable::Fault;
use async_orch::{pipeline, task};

use super::cases::process;
use super::engine::{Journal, is_crash};
use super::world::{World, work};
use super::{Process, Ran};

/// How many of the runs that are gone through once more are found to go another way.
async fn faults(at_once: u32, run: impl AsyncFn(&World, Process) -> Ran) -> usize {
    let world = World::default();
    let mut faults = 0;
    for seed in 0..40 {
        let start =
            |journal, ends_at| run(&world, Process { journal, seed, ends_at, at_once, is_local: false });
        let whole = start(Journal::default(), usize::MAX).await.journal;
        for ends_at in 0..whole.entries.len() {
            let left = start(Journal::default(), ends_at).await;
            assert!(left.result.is_err_and(|fault| is_crash(&fault)));
            // The process that goes on gives what it has one by one.
            let again = run(
                &world,
                Process { journal: left.journal, seed, ends_at: usize::MAX, at_once: 1, is_local: false },
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
