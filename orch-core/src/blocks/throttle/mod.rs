//! `throttle`: a body that begins no more often than a rate allows, over all runs that share it.
//!
//! - A token bucket: it holds `burst` tokens and is filled at `rate` tokens `per` a time. A run takes `cost` of them when it begins,
//!   and never gives them back.
//! - A run that does not find as many waits, first come, first served. The first that waits sleeps to the exact moment; who is
//!   dropped while it waits has taken nothing.
//! - A run that would wait for longer than `max_wait` is turned away at once.
//!
//! The arithmetic is `bucket`'s, which knows no clock and no lock; what it is to wait, the room `gatekeepers` knows.

mod bucket;
mod handle;
#[cfg(all(test, orch_loom))]
mod loom;
mod options;
mod shared;

pub use crate::blocks::gatekeepers::IntoHandle;
pub use crate::blocks::shell::enter;
pub use handle::{Limiter, LimiterBuilder};
pub use options::{CanBeALimiter, Options, Values, default, given, throttle};
