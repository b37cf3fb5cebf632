//! `hedge`: further attempts beside one that takes long, and the first success wins.
//!
//! - A further attempt at the body starts when the delay has passed since the latest start without an answer, or at once when one
//!   has failed. A rejection starts the next one only if no other is under way. There are `max_attempts` at most, the first
//!   included.
//! - The first success wins; the others are dropped in that poll, and tell so before the block ends.
//! - When all have failed, the last error in time is the block's, with the count of the attempts, and the others are
//!   [`Error::others`](crate::Error::others).
//! - There is a timer only from the moment at which the body has to wait, as in a `timeout`.
//! - What is hedged has to bear being run twice at once: something that is read, or that has a key.
//!
//! It allocates nothing unless a second attempt starts. Few attempts are under way at once, and all of them are polled whenever
//! one is woken. Where one has used the scheduler's budget up, the next poll begins with the one after it.

mod attempts;
mod events;
mod future;
mod options;
#[cfg(test)]
mod tests;

pub use events::Hedging;
pub use future::Hedge;
pub use options::{Options, Values, default, enter, given, hedge};
