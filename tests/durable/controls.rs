//! Runs that go another way when they are gone through once more. That this is found out is what the other tests rest on.

use std::collections::HashMap;

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
        |_: u64| seq < |n| { (0..n).map(|key| (key, ())).collect::<HashMap<u64, ()>>().into_keys().collect::<Vec<_>>() } each < first > >
    };
    assert!(faults(1, &p, 8).await > 0);
}
