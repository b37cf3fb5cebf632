//! `circuit`: a breaker around a body.
//!
//! The decision and the waiting are apart: [`Breaker`] is a state machine that is told the time, this block asks it
//! before it runs the body and tells it what came of it.

mod events;
mod future;
mod handle;
#[cfg(all(test, orch_loom))]
mod loom;
mod options;
mod shared;
mod state;
mod status;
#[cfg(test)]
mod tests;

pub use events::CircuitEvent;
pub use future::Circuit;
pub use handle::{Breaker, BreakerBuilder};
pub use options::{IntoBreaker, Options, circuit, default, enter, given};
pub use status::{BreakerState, CircuitState, LastFailure};
