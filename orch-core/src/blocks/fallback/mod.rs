//! `fallback`: alternatives in written order, until one succeeds.
//!
//! - The next one starts in the poll in which the one before has failed, of whatever kind the error is, rejections and timeouts
//!   included. One that is not needed never starts, and nobody hears of it.
//! - `when` narrows this: an error for which it is false is the block's. It is not asked about the last alternative's.
//! - When all have failed the last error is the block's, and those before it are [`Error::others`](crate::Error::others), in
//!   order of time. So they are where `when` ends it.
//! - The piped value is cloned for an alternative that starts and is not the last to use it. That one gets the value itself.
//! - A panic is no error, and goes through it. With a `catch` inside it is one.
//!
//! It has room for the largest of its alternatives alone. It allocates nothing for the first failure, and for further ones what
//! keeps their errors.

mod alternatives;
mod events;
mod failures;
mod future;
mod options;
#[cfg(test)]
mod tests;

pub use crate::blocks::peers::{child, fork};
pub use alternatives::Alternatives;
pub use events::FallingBack;
pub use future::Fallback;
pub use options::{Options, default, fallback};
