//! Durable runs: every block, gone through once more after every cut and in every order.

mod cases;
mod controls;
mod engine;
mod faults;
mod world;

use std::collections::BTreeSet;

use async_orch::durable::Fault;
use engine::{Fake, Journal, OnDisk, is_crash};
use world::World;

/// The orders in which steps finish that are tried after each cut.
const ORDERS: u64 = 40;

/// A process, before it runs.
pub(crate) struct Process {
    pub(crate) journal: Journal,
    /// Of the order in which steps finish.
    pub(crate) seed: u64,
    /// It is gone when the journal has so many entries.
    pub(crate) ends_at: usize,
    /// How many deliveries there are between two polls.
    pub(crate) at_once: u32,
    /// When what was delivered is on the disk, if that is not left to the seed.
    pub(crate) on_disk: Option<OnDisk>,
    /// Whether it is on tokio instead, without a journal.
    pub(crate) is_local: bool,
}

/// What it has left.
pub(crate) struct Ran {
    pub(crate) journal: Journal,
    pub(crate) result: Result<String, Fault>,
}

/// What comes of a run whose process has ended, beside what comes of one whose process has not.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Results {
    TheSame,
    Others,
}

/// Runs a pipeline, in other orders, ends its process after each entry of the journal, and goes through it once more in another order.
///
/// The result is one that there is without an end of the process, and no step that had finished is called again.
pub(crate) async fn prove(name: &str, which: Results, run: impl AsyncFn(&World, Process) -> Ran) {
    let world = World::default();
    let start = |journal, seed, ends_at| {
        run(&world, Process { journal, seed, ends_at, at_once: 1, on_disk: None, is_local: false })
    };
    let mut results = BTreeSet::new();
    for seed in 0..200 {
        let ran = start(Journal::default(), seed, usize::MAX).await;
        results.insert(ran.result.unwrap_or_else(|fault| panic!("{name}, whole, {seed}: {fault}")));
    }
    let local = Process {
        journal: Journal::default(),
        seed: 0,
        ends_at: usize::MAX,
        at_once: 1,
        on_disk: None,
        is_local: true,
    };
    let local = run(&world, local).await.result.expect("it has no journal");
    assert!(
        which == Results::Others || results.contains(&local),
        "{name}: {local} on tokio, and not of {results:?}"
    );
    let mut cut = 0;
    for seed in 0..ORDERS {
        let whole = start(Journal::default(), seed, usize::MAX).await.journal;
        for ends_at in 0..whole.entries.len() {
            let left = start(Journal::default(), seed, ends_at).await;
            assert!(is_crash(&left.result.unwrap_err()), "{name}");
            let finished = Fake::finished_steps(&left.journal);
            world.take();
            let again = start(left.journal, seed + 1_000, usize::MAX).await;
            let result =
                again.result.unwrap_or_else(|fault| panic!("{name}, cut at {ends_at}, {seed}: {fault}"));
            assert!(
                which == Results::Others || results.contains(&result),
                "{name}, cut at {ends_at}, {seed}: {result}, not of {results:?}"
            );
            let called = world.take();
            for step in finished {
                assert_eq!(called.get(&step), None, "{name}, cut at {ends_at}, {seed}: {step} runs again");
            }
            assert!(called.values().all(|calls| *calls == 1), "{name}, cut at {ends_at}, {seed}: {called:?}");
            cut += 1;
        }
    }
    assert!(cut > 0, "{name}");
}
