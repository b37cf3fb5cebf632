//! `par`: peers at once.
//!
//! The children stay where they are, in the block's own future, and are polled by whoever awaits it: nothing is
//! spawned. Up to eight at once are polled in turn with the waker of the block itself; of more, only those that were
//! woken.

mod future;
mod options;
mod order;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::blocks::peers::{Child, Children, Fork, child, fork};
pub use future::{AllOf, Par};
pub use options::{FailFast, OnFailure, Options, Settle, default, given, par};
