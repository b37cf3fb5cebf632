//! Steps without steps inside: tasks, inline closures, and other pipelines, which are one step for the one they stand in.

pub(crate) mod embed;
mod inline;
pub mod select;
mod task;

#[cfg(feature = "durable")]
pub use inline::AsyncInlineStep;
#[cfg(not(feature = "durable"))]
pub(crate) use inline::AsyncInlineStep;
pub(crate) use inline::{
    AsyncBody, AsyncContextBody, Closure, ContextBody, Inline, NamedBody, SyncBody, Within,
};
pub use inline::{Moved, pinned, probe, result, says};
pub(crate) use task::Leaf;
