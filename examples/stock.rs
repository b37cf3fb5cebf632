//! A race between two steps of a pipeline, found by a simulation, and mended.
//!
//! ```text
//! cargo run --example stock
//! cargo test --example stock
//! ```
//!
//! A warehouse counts its stock in a store that it reads and writes, as over a network. A day sells while it takes deliveries in: both
//! read the count, change it and write it back, and whoever comes between loses what the other did. It does not come to that in a
//! thousand days on tokio, since the lorry takes its time. A simulation holds one step back, and there it is.
//!
//! - [`careless`] has the race, and [`careful`] has not: it writes only what nobody has changed meanwhile, and begins anew otherwise.
//! - [`nothing_is_lost`] is the test, of either of them. `orch_test::simulate` calls it with one seed after the other.
//!
//! It checks its own results: that the one is found out, with a report of a single re-ordering, and that the other is not.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic;
use std::sync::Mutex;

use async_orch::{Run, pipeline, task};
use orch_test::{Seed, Simulation, simulate};
use tokio::task::yield_now;

/// How many there are of an item, and how often that was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    pieces: u32,
    version: u32,
}

/// The counts of the warehouse. Each call is a message there and an answer back.
#[derive(Debug, Default)]
struct Store(Mutex<BTreeMap<&'static str, Count>>);

impl Store {
    fn new(item: &'static str, pieces: u32) -> Self {
        Store(Mutex::new(BTreeMap::from([(item, Count { pieces, version: 0 })])))
    }

    async fn get(&self, item: &'static str) -> Count {
        yield_now().await;
        let count = self.0.lock().unwrap().get(item).copied().unwrap_or_default();
        yield_now().await;
        count
    }

    /// Writes; if a version is given, only over that one.
    async fn put(&self, item: &'static str, pieces: u32, over: Option<u32>) -> Result<(), StockError> {
        yield_now().await;
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(item).or_default();
        if over.is_some_and(|version| version != count.version) {
            return Err(StockError::Changed(item));
        }
        *count = Count { pieces, version: count.version + 1 };
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum StockError {
    #[error("the count of `{0}` was changed by somebody else")]
    Changed(&'static str),
    #[error("there is no `{0}` left")]
    SoldOut(&'static str),
}

const ITEM: &str = "lamp";

#[task]
async fn count(store: &Store) -> Count {
    store.get(ITEM).await
}

#[task]
async fn write(store: &Store, pieces: u32) -> Result<(), StockError> {
    store.put(ITEM, pieces, None).await
}

#[task]
async fn write_over(store: &Store, pieces: u32, version: u32) -> Result<(), StockError> {
    store.put(ITEM, pieces, Some(version)).await
}

/// A lorry is unloaded, piece by piece.
#[task]
async fn unload(pieces: u32) -> u32 {
    for _ in 0..pieces {
        yield_now().await;
    }
    pieces
}

#[task]
async fn greet() {}

/// One lamp is sold, and ten are delivered. What is wrong: between `count` and `write` somebody else may write.
fn careless(store: &Store) -> impl Run<In = (), Out = ((), ()), Error = StockError> {
    pipeline! {
        error = StockError;
        par(name = "day") <
            seq(name = "sale") <
                greet()
                count(store)
                |count| { count.pieces.checked_sub(1).ok_or(StockError::SoldOut(ITEM)) }
                write(store, _)
            >
            seq(name = "delivery") <
                let pieces = unload(10)
                count(store)
                |count| { count.pieces + *pieces }
                write(store, _)
            >
        >
    }
}

/// The same, but a count is written only over the one that was read. Who comes too late reads again.
fn careful(store: &Store) -> impl Run<In = (), Out = ((), ()), Error = StockError> {
    pipeline! {
        error = StockError;
        par(name = "day") <
            seq(name = "sale") <
                greet()
                retry(max_attempts = unlimited, when = |e| matches!(e.task(), Some(StockError::Changed(_)))) <
                    let seen = count(store)
                    |()| { seen.pieces.checked_sub(1).ok_or(StockError::SoldOut(ITEM)) }
                    write_over(store, _, seen.version)
                >
            >
            seq(name = "delivery") <
                let pieces = unload(10)
                retry(max_attempts = unlimited, when = |e| matches!(e.task(), Some(StockError::Changed(_)))) <
                    let seen = count(store)
                    |()| { seen.pieces + *pieces }
                    write_over(store, _, seen.version)
                >
            >
        >
    }
}

/// What has to hold in every order: three lamps, one sold, ten delivered.
fn nothing_is_lost(sim: &Simulation, careful: bool) {
    let store = Store::new(ITEM, 3);
    let result = if careful { sim.run(&self::careful(&store), ()) } else { sim.run(&careless(&store), ()) };
    result.expect("there are lamps");
    assert_eq!(store.0.lock().unwrap()[ITEM].pieces, 3 - 1 + 10, "no change of the count is lost");
}

/// What is printed of a test that fails.
fn report(test: impl FnOnce() + panic::UnwindSafe) -> Option<String> {
    let text = |payload: Box<dyn Any + Send>| payload.downcast_ref::<String>().cloned().unwrap_or_default();
    panic::catch_unwind(test).map_err(text).err()
}

/// With the race: its seed is found, and shrunk to the one step that has to be late. It happens again by that seed.
fn the_race_is_found() -> String {
    let report = report(|| simulate(500, |sim| nothing_is_lost(sim, false))).expect("the race is there");
    assert!(report.contains("no change of the count is lost"), "{report}");
    let takes =
        "It takes one thing that the seed decided:\n  - day/sale/write is held back before it starts\n";
    assert!(report.contains(takes), "{report}");
    let (_, seed) = report.split_once("ORCH_SEED=").expect("it says how it happens again");
    let seed: Seed = seed.split(' ').next().unwrap_or_default().parse().expect("it is a seed");
    let again = self::report(|| nothing_is_lost(&Simulation::seed(seed.clone()), false));
    assert!(again.is_some_and(|text| text.contains("no change of the count is lost")));
    report
}

#[tokio::main]
async fn main() {
    for day in 0..1_000 {
        let store = Store::new(ITEM, 3);
        careless(&store).run(()).await.expect("there are lamps");
        assert_eq!(store.0.lock().unwrap()[ITEM].pieces, 12, "day {day}");
    }
    println!("A thousand days on tokio: no count is lost.\n");
    let printed = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let report = the_race_is_found();
    panic::set_hook(printed);
    println!("With a simulation, {report}\n");
    simulate(500, |sim| nothing_is_lost(sim, true));
    println!("Mended: five hundred seeds, and no count is lost.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_race_is_found_and_shrunk() {
        the_race_is_found();
    }

    #[test]
    fn mended_it_loses_nothing() {
        simulate(500, |sim| nothing_is_lost(sim, true));
    }

    #[test]
    fn mended_it_loses_nothing_when_writes_fail() {
        simulate(500, |sim| {
            sim.at("write_over").rate(0.2).fail_with(|_| StockError::Changed(ITEM));
            nothing_is_lost(sim, true);
        });
    }
}
