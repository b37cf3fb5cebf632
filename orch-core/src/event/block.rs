//! The changes of blocks.

use std::error::Error as StdError;
use std::time::Duration;

use super::{Reason, TaskState};
use crate::node::Origin;

/// A change of a block.
///
/// ```
/// use async_orch::{BlockEvent, Event, EventKind, bus};
///
/// let failures = bus::from_fn(|event: &Event<'_>| {
///     if let EventKind::Block(BlockEvent::Failed { origin: Some(origin), reason, .. }) = event.kind {
///         println!("{}: {} failed: {reason}", event.node.path(), origin.name());
///     }
/// });
/// # let _ = failures;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BlockEvent<'a> {
    /// A start waits behind a limit.
    Pending,
    /// It starts, before the steps inside it.
    #[non_exhaustive]
    Started {
        /// How many items an `each` has, if that is known before; `None` for other blocks.
        items: Option<u64>,
    },
    /// It gave its output, after the steps inside it.
    #[non_exhaustive]
    Succeeded {
        /// The time since it started.
        elapsed: Duration,
    },
    /// It ended without a start of what is inside it, as a `when` does whose condition is false.
    #[non_exhaustive]
    Skipped {
        /// The time since it started.
        elapsed: Duration,
    },
    /// It gave an error, or a panic went through it.
    #[non_exhaustive]
    Failed {
        /// The [`Error<E>`](crate::Error) of the pipeline, or [`Panicked`](crate::Panicked).
        error: &'a (dyn StdError + 'static),
        /// The same as text without the step.
        reason: Reason<'a>,
        /// The step that failed: one inside, or the block itself, as a `timeout` does. `None` for a panic on its way
        /// out.
        origin: Option<Origin>,
        /// The time since it started.
        elapsed: Duration,
    },
    /// It was dropped before it finished, or before it started if it was pending.
    Cancelled,
}

impl BlockEvent<'_> {
    /// The same in the words for tasks: a block that started is [`Running`](TaskState::Running), and one that was skipped has
    /// [succeeded](TaskState::Succeeded).
    #[inline]
    #[must_use]
    pub fn state(&self) -> TaskState {
        match self {
            BlockEvent::Pending => TaskState::Pending,
            BlockEvent::Started { .. } => TaskState::Running,
            BlockEvent::Succeeded { .. } | BlockEvent::Skipped { .. } => TaskState::Succeeded,
            BlockEvent::Failed { .. } => TaskState::Failed,
            BlockEvent::Cancelled => TaskState::Cancelled,
        }
    }
}
