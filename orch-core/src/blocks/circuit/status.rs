//! What the outside sees of a circuit: its state, in short and in full, and why it opened.

use std::fmt;
use std::time::Duration;

/// The name of a circuit's state, as events and labels carry it.
///
/// ```
/// use async_orch::{Breaker, CircuitState};
///
/// let breaker = Breaker::new();
/// assert_eq!(breaker.state().kind(), CircuitState::Closed);
/// assert_eq!(CircuitState::HalfOpen.to_string(), "half-open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Runs pass, failures are counted.
    Closed,
    /// Runs are rejected until the reset timeout is over.
    Open,
    /// A few runs pass as probes, the rest is rejected or waits.
    HalfOpen,
    /// Runs are rejected until the handle says otherwise.
    Isolated,
}

impl CircuitState {
    /// The name in lower case, `half-open` for [`HalfOpen`](Self::HalfOpen): a label for metrics and logs.
    ///
    /// ```
    /// assert_eq!(async_orch::CircuitState::Open.as_str(), "open");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Isolated => "isolated",
        }
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What [`Breaker::state`](super::Breaker::state) answers.
///
/// ```
/// use async_orch::{Breaker, BreakerState};
///
/// let breaker = Breaker::new();
/// breaker.force_open();
/// match breaker.state() {
///     BreakerState::Open { retry_after } => println!("again in {retry_after:?}"),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Runs pass, failures are counted.
    Closed,
    /// Runs are rejected.
    Open {
        /// The time left until a run is let through as a probe. Zero when that time has come and no run has arrived
        /// since: a run makes the circuit half-open, never a timer.
        retry_after: Duration,
    },
    /// A few runs are let through as probes, and what they report decides.
    HalfOpen,
    /// Runs are rejected until [`force_close`](super::Breaker::force_close) or [`reset`](super::Breaker::reset) lifts it.
    Isolated,
}

impl BreakerState {
    /// The state without the time.
    ///
    /// ```
    /// use async_orch::{Breaker, CircuitState};
    ///
    /// let breaker = Breaker::new();
    /// breaker.isolate();
    /// assert_eq!(breaker.state().kind(), CircuitState::Isolated);
    /// ```
    #[must_use]
    pub const fn kind(self) -> CircuitState {
        match self {
            Self::Closed => CircuitState::Closed,
            Self::Open { .. } => CircuitState::Open,
            Self::HalfOpen => CircuitState::HalfOpen,
            Self::Isolated => CircuitState::Isolated,
        }
    }
}
