//! `circuit`: a breaker around a body.
//!
//! The decision and the waiting are apart. [`Breaker`] is a state machine that is told the time (`state`, in words of `config`
//! and `answers`; for a half-open circuit `probing`, for a share of failures `rate` and `window`), behind a lock with one word
//! beside it (`shared`), and with a queue (`line`). The block asks it before it runs the body and tells it what came of it: `future` and `held` for the runs
//! that are let through or turned away at once, `arriving` for the others.

mod answers;
mod arriving;
mod builder;
mod call;
mod config;
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
mod rate;
mod reset_timeout;
mod shared;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod thread;
mod window;
pub mod words;

pub use crate::blocks::shell::enter;
pub use builder::BreakerBuilder;
pub use events::CircuitEvent;
pub use future::Circuit;
pub use handle::Breaker;
pub use options::{CanBeABreaker, IntoBreaker, Options, Values, circuit, default, given};
pub use rate::CanBeAWindow;
pub use reset_timeout::{CanBeAResetTimeout, Growing, IntoResetTimeout};
#[cfg(feature = "durable")]
pub use state::kept::{Asked, KeptCircuit};
pub use status::{BreakerState, CircuitState};
