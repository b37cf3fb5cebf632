//! Waiting between runs of a body: how long, how long at most, and how it is spread. For the blocks that run theirs again.

mod delays;
mod jitter;
mod longest;
mod waits;
pub(crate) mod words;

pub(crate) use delays::{Backoff, IntoBackoff};
pub use delays::{CanBeABackoff, CanBeAFactor};
pub use delays::{Constant, Exponential, Fibonacci, constant, exponential, exponential_by, fibonacci};
pub use jitter::Jitter;
#[cfg(test)]
pub(crate) use jitter::none;
pub(in crate::blocks) use longest::sum;
pub(crate) use waits::Waits;
