//! `when`: a body that runs if a condition holds.
//!
//! - The condition is looked at once, when the block starts. It sees the names and, by reference, what is piped: nothing is cloned.
//! - Where it holds, what is piped is moved into the body, which gives the same type. Where it does not, the block gives what is
//!   piped: no step inside starts, and the block's end says that it was skipped.
//! - Where nothing is piped the block gives `()`, and what the body gives is dropped.
//! - A panic of the condition is the block's.
//!
//! It allocates nothing.

mod future;
mod options;
#[cfg(test)]
mod tests;

pub use future::When;
pub use options::{Gives, Options, enter, given, when};
