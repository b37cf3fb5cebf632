//! `circuit`: a breaker around a body.
//!
//! The decision and the waiting are apart. [`Breaker`] is a state machine that is told the time (`state`, and for a
//! half-open circuit `probing`), behind a lock with one word beside it (`shared`), and with a queue (`line`). The block asks
//! it before it runs the body and tells it what came of it: `future` and `held` for the runs that are let through or turned
//! away at once, `arriving` for the others.

mod arriving;
mod events;
mod future;
mod handle;
mod held;
mod line;
#[cfg(all(test, orch_loom))]
mod loom;
mod options;
mod permit;
mod probing;
mod shared;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod thread;

pub use crate::blocks::shell::enter;
pub use events::CircuitEvent;
pub use future::Circuit;
pub use handle::{Breaker, BreakerBuilder};
pub use options::{IntoBreaker, Options, Values, circuit, default, given};
pub use status::{BreakerState, CircuitState};
