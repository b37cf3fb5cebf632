//! `with`: a body under a policy of the user's own.
//!
//! - The policy is given what runs the body, a [`Next`](crate::Next), and what it gives is what the block gives. It may run the body
//!   never, once, or again: one run after another, as [`Next::call`](crate::Next::call) borrows it.
//! - Each run of the body by a policy that may run it again is an attempt, counted from 1 when it starts. An error of one says how
//!   many there were by then. What runs once at most is a part of the attempt around it.
//! - If the body uses the piped value, each run but the last gets a clone of it. A policy that says by its type that it runs the
//!   body once at most asks for no clone.
//! - A run that the policy drops is cancelled, and so is the one under way if the block is dropped.
//! - A second run takes part in the scheduler's cooperative budget, so that a policy without a wait starves nobody.
//! - A panic of the policy or of the body goes through it.
//! - What the policy leaves behind is dropped before the block ends.
//!
//! The block allocates nothing. The policy knows the body without its type, so that it is a type of its own alone and its future is
//! the same in every run: a poll of the body is one call through a pointer more.

mod future;
mod options;

pub use future::With;
pub use options::{Options, Values, enter, given, shared, with};
