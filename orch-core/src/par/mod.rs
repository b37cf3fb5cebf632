//! `par`: peers at once.
//!
//! The children stay where they are, in the block's own future, and are polled by whoever awaits it: nothing is
//! spawned. Up to eight at once are polled in turn with the waker of the block itself; of more, only those that were
//! woken.

mod children;
mod future;
mod options;
mod order;
mod slot;
#[cfg(test)]
pub(crate) mod tests;

pub use children::{Child, Children, Fork, child, fork};
pub use future::Par;
pub use options::{FailFast, OnFailure, Options, Settle, default, given, par};
pub use slot::{Picked, Round, Slots};
