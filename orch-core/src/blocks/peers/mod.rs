//! What blocks of peers have in common: children that run beside each other in one future, each in a place of its own.
//!
//! The children are a binary tree of pairs, so that forty of them are six types deep (`children`). Each stands in a small state:
//! to do, waiting, running, done (`slot`). What becomes of a child's result is a [policy](Policy), and what the block gives
//! a [`Finish`]. Their future (`future`) polls those that were woken, in written order unless the scheduler's budget ends in the
//! midst of them (`order`).

mod children;
mod drain;
mod future;
mod on_failure;
mod order;
mod policy;
mod slot;

pub(crate) use children::{Child, Children, Fork};
pub use children::{child, fork};
pub(crate) use drain::{Failures, until_end};
pub(crate) use future::Peers;
#[cfg(test)]
pub(crate) use on_failure::{FailFast, Settle};
pub(crate) use on_failure::{Limit, OnFailure};
pub use on_failure::{default, given};
pub(crate) use policy::{Ends, Finish, Policy};
pub(crate) use slot::{Pass, Selection, Slots};
