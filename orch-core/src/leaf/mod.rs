//! Steps without steps inside: tasks, inline closures, and other pipelines, which are one step for the one they stand in.

pub(crate) mod embed;
mod inline;
pub mod select;
mod task;

pub use embed::{Braces, EntersThem};
#[cfg(feature = "durable")]
pub use inline::AsyncInlineStep;
#[cfg(not(feature = "durable"))]
pub(crate) use inline::AsyncInlineStep;
pub use inline::{
    AgreesWith, Annotation, LooksAtError, LooksAtPiped, Moved, NamesWhat, OneRun, pinned, probe, result,
};
pub(crate) use inline::{AsyncBody, AsyncContextBody, Closure, ContextBody, Inline, NamedBody, SyncBody};
pub(crate) use task::Leaf;
