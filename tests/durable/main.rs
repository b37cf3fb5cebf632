//! Durable runs: every block, gone through once more after every cut and in every order.

mod cases;
mod controls;
mod faults;
mod wakes;
mod world;

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

use async_orch::durable::Durable;
use async_orch::{Error, Run};
use orch_test::Memory;
use world::World;

/// The orders in which steps finish that are tried after each cut.
const ORDERS: u64 = 40;

/// What comes of a run whose process has ended, beside what comes of one whose process has not.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Results {
    TheSame,
    Others,
}

/// Runs a pipeline, in other orders, ends its process after each entry of the journal, and goes through it once more in another order.
///
/// The result is one that there is without an end of the process, as is that of a run on tokio; and by the world outside, which knows
/// nothing of engines, no step that had finished is called again.
#[track_caller]
pub(crate) fn prove<P>(which: Results, world: &World, made: impl Fn() -> P, input: P::In)
where
    P: Durable + Run<In: Clone, Out: Debug, Error: Display>,
{
    let mut results = BTreeSet::new();
    for seed in 0..200 {
        let result = Memory::new().order(seed).hasty().run(&made(), input.clone());
        results.insert(said(result.unwrap_or_else(|fault| panic!("whole, {seed}: {fault}"))));
    }
    let local =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let local = said(local.block_on(made().run(input.clone())));
    assert!(which == Results::Others || results.contains(&local), "{local} on tokio, and not of {results:?}");
    let mut cuts = 0;
    for seed in 0..ORDERS {
        let mut whole = Memory::new();
        drop(whole.order(seed).hasty().run(&made(), input.clone()).unwrap());
        for ends_at in 0..whole.entries().len() {
            let mut memory = Memory::new();
            // One process out of two writes as late as it may.
            if !seed.is_multiple_of(2) {
                memory.late();
            }
            let left = memory.order(seed).hasty().crash_after(ends_at).run(&made(), input.clone());
            assert!(left.is_err() && memory.has_crashed());
            let finished = memory.finished();
            world.take();
            let again = memory.order(seed + 1_000).run(&made(), input.clone());
            let result = said(again.unwrap_or_else(|fault| panic!("cut at {ends_at}, {seed}: {fault}")));
            assert!(
                which == Results::Others || results.contains(&result),
                "cut at {ends_at}, {seed}: {result}, not of {results:?}"
            );
            let called = world.take();
            for step in finished {
                assert_eq!(called.get(&step), None, "cut at {ends_at}, {seed}: {step} runs again");
            }
            assert!(called.values().all(|calls| *calls == 1), "cut at {ends_at}, {seed}: {called:?}");
            cuts += 1;
        }
    }
    assert!(cuts > 0);
}

fn said<T: Debug, E: Display>(result: Result<T, Error<E>>) -> String
where
    Error<E>: Display,
{
    match result {
        Ok(output) => format!("{output:?}"),
        Err(error) => format!("{error} [{} others]", error.others().len()),
    }
}
