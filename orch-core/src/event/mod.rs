//! What a run tells while it goes on.
//!
//! A run over a [`Bus`](crate::bus::Bus) emits one [`Event`] for each change, from its own poll or drop, in order. A
//! run over [`NoBus`](crate::bus::NoBus) builds no event, reads no clock for one, and keeps nothing for one in its
//! future.
//!
//! An event borrows from the run, so that emitting it allocates nothing; [`OwnedEvent`] is the form that can be kept
//! or sent.

mod block;
mod entry;
mod line;
mod owned;
mod task;
mod told;

pub use block::BlockEvent;
pub use entry::{Event, EventKind, Execution, Reason, RunId};
pub(crate) use line::Span;
pub use owned::{BlockChange, Change, OwnedEvent, TaskChange, Text};
pub(crate) use task::{Gave, Shown};
pub use task::{Output, TaskEvent, TaskState};
pub use told::{Field, Told};
