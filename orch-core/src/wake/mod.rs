//! The poll machinery of `par` and `each`: places that stay where they are, and which of them were woken.
//!
//! All of the crate's `unsafe` is here.

mod borrowed_waker;
mod inline_wakers;
#[cfg(all(test, orch_loom))]
mod loom;
mod pinned;
mod set;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use inline_wakers::InlineWakers;
pub(crate) use pinned::Pinned;
pub(crate) use set::{Ones, ParentWaker, WakeSet};
pub(crate) use turns::{Turn, cut_short, repeats, was_cut_short};

/// Up to so many children wait with the waker of the block, and are all polled when it is woken: finding out which of
/// them woke it would cost more.
pub(crate) const SWEEP_MAX: usize = 8;
