//! `bulkhead`: at most so many runs of a body at once, over all runs that share it.
//!
//! - A run takes a place before its body begins, and holds it until the body has ended or is dropped. The place is free again
//!   before the block's end is told.
//! - If no place is free, it waits, if the queue has room: first come, first served. A freed place is handed to the first that
//!   waits. Who is dropped while it waits leaves the queue; if it had been handed a place already, that goes to the next.
//! - A run that finds the queue full is turned away at once, one that waits for longer than `max_wait` then.
//! - [Closed](Bulkhead::close), it turns away all that wait or come.
//! - Inside of its own body it turns a run away, which would otherwise wait for itself.
//!
//! The decision is `shared`'s; what it is to wait, the room `gatekeepers` knows.

mod handle;
#[cfg(all(test, orch_loom))]
mod loom;
mod options;
mod shared;
#[doc(hidden)]
pub mod words;

pub use crate::blocks::gatekeepers::IntoHandle;
pub use crate::blocks::shell::enter;
pub use handle::{Bulkhead, BulkheadBuilder};
pub use options::{CanBeABulkhead, Options, Values, bulkhead, default, given};
