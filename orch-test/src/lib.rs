//! A simulation kit for the pipelines of [`async_orch`]: the same pipeline, unchanged, under every order of completion and any
//! fault, in virtual time, without its services.
//!
//! ```
//! use async_orch::{ErrorKind, pipeline, task};
//! use orch_test::simulate;
//! use std::time::Duration;
//!
//! #[task]
//! async fn fetch(id: u32) -> std::io::Result<u32> {
//!     Err(std::io::Error::other(format!("no network to fetch {id} from")))
//! }
//!
//! let all = pipeline! {
//!     |_: Vec<u32>| each(limit = 2) < retry(max_attempts = 9, backoff = constant(1m)) < timeout(2s) < fetch > > >
//! };
//! // Two hundred orders, latencies and choices of faults.
//! simulate(200, |sim| {
//!     sim.latency(Duration::ZERO..=Duration::from_secs(1));
//!     sim.at("fetch").rate(0.1).hang();
//!     sim.at("fetch").rate(0.1).fail_as(ErrorKind::TimedOut);
//!     sim.at("fetch").answer_with(|at| at.item().unwrap() as u32 * 10);
//!     assert_eq!(sim.run(&all, vec![7, 8, 9]).unwrap(), [0, 10, 20]);
//! });
//! ```
//!
//! - [`Simulation`] is the runtime: [`new`](Simulation::new) for tests that say what happens, [`seed`](Simulation::seed) for one
//!   order of many. [`Simulation::at`] puts faults, delays and answers where they are to be.
//! - [`simulate`] calls a test with many seeds. When one fails it is shrunk to the fewest re-orderings and faults, and the report
//!   says by which `ORCH_SEED` it happens again.
//! - [`Assertions`] are for the events that a [`Recorder`](async_orch::bus::Recorder) has.
//! - `crash_everywhere`, with the feature `durable`, ends the process of a durable pipeline at every point and goes on with what was
//!   written down. `Memory` is the engine that it uses, for tests of changed pipelines and of processes that end at one point.
//!
//! It is a dependency for tests, under `[dev-dependencies]`. Nothing in it is needed where a pipeline is at work.

mod chance;
#[cfg(feature = "durable")]
mod crash;
mod drive;
mod events;
#[cfg(feature = "durable")]
mod memory;
mod quiet;
mod rules;
mod seed;
mod simulate;
mod simulation;
mod turns;

#[cfg(feature = "durable")]
pub use crash::{Crash, Crashes, crash_everywhere};
pub use drive::Stopped;
pub use events::Assertions;
#[cfg(feature = "durable")]
pub use memory::{Entry, Memory};
pub use rules::At;
pub use seed::{InvalidSeed, Seed};
pub use simulate::simulate;
pub use simulation::Simulation;
