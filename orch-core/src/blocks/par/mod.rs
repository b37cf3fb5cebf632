//! `par`: peers at once.
//!
//! The children stay where they are, in the block's own future, and are polled by whoever awaits it: nothing is
//! spawned. Up to eight at once are polled in turn with the waker of the block itself; of more, only those that were
//! woken.

mod options;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::blocks::peers::{child, default, fork, given};
pub use options::{Options, Values, par};
