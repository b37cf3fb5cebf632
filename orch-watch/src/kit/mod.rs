//! What a bus is put together of: which events, of which runs, as what, and where they go.
//!
//! | | |
//! |---|---|
//! | [`filter`] | some of the events |
//! | [`sample`] | all events of some of the runs |
//! | [`map`] | what is made of an event, for a [`Sink`] |
//! | [`Ring`] | keeps the latest, and counts those that are gone |
//! | [`channel`] | to another task or thread; if that is too slow, the run waits or events are dropped, and counted |
//!
//! ```
//! use async_orch::bus::{Ring, filter, map, sample};
//! use async_orch::{TaskState, pipeline, task};
//!
//! #[task]
//! async fn fetch(id: u32) -> Result<u32, String> {
//!     if id == 2 { Err("no such record".to_owned()) } else { Ok(id) }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // The last hundred failures, by their step.
//! let failures: Ring<String> = Ring::new(100);
//! let bus = filter(
//!     |event| event.task_state() == Some(TaskState::Failed),
//!     map(|event| event.node.short_path().to_owned(), failures.clone()),
//! );
//! // Of every run; of a tenth of them it would be `sample(0.1, bus)`.
//! let fetched = pipeline! { |_: u32| seq(name = "records") < fetch > }.with_bus(sample(1.0, bus));
//! for id in 1..=3 {
//!     fetched.run(id).await.ok();
//! }
//! assert_eq!(failures.take_all().values, ["records/fetch"]);
//! # }
//! ```

mod channel;
mod filter;
mod map;
mod ring;
mod sample;

pub use channel::{Full, Message, Receiver, Sender, channel};
pub use filter::{Filter, filter};
pub use map::{Map, Sink, map};
pub use ring::{Ring, Taken};
pub use sample::{Sample, sample};
