//! What blocks of peers have in common: children that run beside each other in one future, each in a place of its own.
//!
//! The children are a binary tree of pairs, so that forty of them are six types deep (`children`). Each stands in a small state:
//! to do, waiting, running, done (`slot`). What becomes of a child's result is a [policy](Policy).

mod children;
mod policy;
mod slot;

pub use children::{Child, Children, Fork, child, fork};
pub use policy::{Finish, Policy};
pub use slot::Slots;
pub(crate) use slot::{Picked, Round};
