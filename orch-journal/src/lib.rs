//! Durable runs of `async-orch` on one machine, in one SQLite file and with no server.
//!
//! A pipeline of durable tasks is run under a key. What it asks for and what comes of that are written down; so a process that is
//! started after another has died goes on where that was, and gives what it would have given.
//!
//! ```
//! use async_orch::{pipeline, task};
//! use orch_journal::Journal;
//!
//! #[task(durable)]
//! async fn reserve(item: String) -> u32 {
//!     item.len() as u32
//! }
//!
//! #[task(durable)]
//! async fn charge(cents: u32) -> String {
//!     format!("charged {cents}")
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("runs.db");
//! let journal = Journal::open(path)?;
//! let order = pipeline! { |_: String| seq(name = "order") < reserve charge > };
//! assert_eq!(journal.run("order-17", &order, "book".to_owned()).await?, "charged 4");
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - A task whose result was written down is never run again.
//! - A task that was under way when the process died is run again: at least once, not exactly once.
//! - A run has one process at a time: it holds a lease, and who has lost it writes nothing more.
//! - A failure of the file is an error and loses nothing that was written down. The run can be gone on with.
//!
//! # What it asks for
//!
//! - The tasks are `#[task(durable)]`, inputs and outputs have serde's traits.
//! - What is between the tasks is deterministic, as it happens again when a run is gone on with.
//! - The file is on a disk of this machine, not on a network drive: SQLite's write-ahead log is not made for those.
//! - Clocks that jump are no danger to a run, but a lease or a wait ends by the time of day.

mod engine;
mod error;
mod journal;
mod reader;
mod run;
mod served;
mod store;

pub use error::{Error, RunError, StoreError, StoreFailure};
pub use journal::{Busy, Journal, Options};
pub use reader::Reader;
pub use run::{Keepable, Started};
pub use served::{Recovery, Served};
pub use store::list::{Filter, Status, Step, Summary};
