//! `repeat`: a body in rounds, each with what the one before gives.
//!
//! - The body gives a [`ControlFlow`](std::ops::ControlFlow): `Continue(next)` runs it again with `next`, and `Break(out)` ends
//!   the block with `out`. The first round begins with the piped value. All of them are moved, none is cloned.
//! - An error of the body ends the block, as it is.
//! - After `max_rounds` rounds there is no other: the block fails with
//!   [`ErrorKind::Exhausted`](crate::ErrorKind::Exhausted). Without it there is no end to them.
//! - Between two rounds it waits as long as `backoff` says, capped by `max_delay` and spread by `jitter`; not at all, if it is
//!   not given. Where the delays of a `backoff` end, so do the rounds.
//! - Rounds that never wait take part in the scheduler's cooperative budget, so that they starve nobody.
//! - Dropped, the block stops at once, in a round or between two. A panic of the body goes through it.
//!
//! It keeps nothing of the rounds that are over, and allocates nothing.

mod events;
mod future;
mod options;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod words;

pub use events::NextRound;
pub use future::Repeat;
pub use options::{Options, Values, default, enter, given, repeat};
