//! Steps without steps inside: tasks and inline closures.

mod inline;
pub mod select;
mod task;

pub use inline::{
    AsyncBody, AsyncContextBody, Body, Closure, ContextBody, Inline, Moved, NamedBody, SyncBody, Within,
    pinned, probe, result, says,
};
pub use task::Leaf;
