//! A span for each block and task, by the crate [`tracing`](https://docs.rs/tracing).
//!
//! The spans are parented as the steps are, and the outermost under the span that the run is polled in first. What a task logs by itself,
//! and its own spans, hang under its step, also where it is a `#[task(spawn)]` or a `#[task(blocking)]` on another thread.
//!
//! All are of the target `async_orch` and the level `INFO`, so `RUST_LOG=async_orch=warn` leaves them out, and with them nothing but their
//! place in the tree.
//!
//! | span `task` or `block`, field | is |
//! |---|---|
//! | `step` | the name |
//! | `otel.name` | the same: what `tracing-opentelemetry` calls the span |
//! | `short_path`, `path` | where it stands, without blocks that have no name and with them |
//! | `kind` | `task`, `inline`, or the block's keyword |
//! | `run`, `key` | which run it is, and the key that it was given, if any |
//! | `item`, `attempt`, `round` | which item of an `each` and round of a `repeat` it belongs to, if any; which attempt, from 1 |
//! | `outcome` | `succeeded`, `failed` or `cancelled`, when it has ended |
//! | `elapsed_ms` | how long it took, in milliseconds on the run's clock |
//! | `error`, `error.kind` | why it failed, and the [kind](orch_core::ErrorKind::as_str) of that |
//! | `otel.status_code` | `ERROR` if it failed |
//!
//! Of what a step tells in the midst there is an event in its span, with what it says as the message and `about` in a word: at the level
//! `WARN` of a `retry`, of a circuit that is not closed any more, of a `fallback` and an undo, at `INFO` of a note, at `DEBUG` of the rest.
//! `retry` has `attempt`, `delay_ms` and `failed`, `circuit` has `old_state`, `new_state`, `failures` and `rejected`.
//!
//! ```
//! use async_orch::tracing::TracingBus;
//! use async_orch::{Run, pipeline, task};
//!
//! #[task]
//! async fn charge(cents: u32) -> u32 {
//!     tracing::info!(cents, "charged"); // in the span of its step
//!     cents
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), async_orch::Error> {
//! let shop = pipeline! { |_: u32| seq(name = "shop") < retry < charge > > }.with_bus(TracingBus::new());
//! shop.run(100).await?;
//! # Ok(())
//! # }
//! ```

mod bus;

pub use bus::TracingBus;
