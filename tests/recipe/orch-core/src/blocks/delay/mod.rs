//! `delay`: a wait before the body.
//!
//! - The block starts at once, and its body when the wait is over.
//! - Dropped while it waits, it is cancelled, and its body never started.
//! - With a time of zero, as without the option, there is no wait and no timer.
//!
//! It allocates nothing.

mod future;
mod options;
#[cfg(test)]
mod tests;

pub use crate::blocks::shell::enter;
pub use future::Delay;
pub use options::{Options, Values, default, delay, given};
