//! What a circuit tells.

use std::fmt;
use std::sync::Arc;

use super::CircuitState;
use crate::event::{Event, Field, OwnedEvent, Told};

/// A circuit changed its state, or rejected a run.
///
/// ```
/// use async_orch::{CircuitState, Event, bus};
///
/// let alarm = bus::from_fn(|event: &Event<'_>| {
///     if let Some(circuit) = event.circuit()
///         && circuit.new_state == CircuitState::Open
///         && circuit.tripped
///     {
///         eprintln!("{} is open after {} failures", event.node.path(), circuit.failures);
///     }
/// });
/// # let _ = alarm;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitEvent {
    /// The state before.
    pub old_state: CircuitState,
    /// The state now; the same as before for a rejection.
    pub new_state: CircuitState,
    /// The number of consecutive failures so far.
    pub failures: u32,
    /// Whether this run opened the circuit by how it ended.
    pub tripped: bool,
    /// Whether it did so as the share of failures reached `failure_rate`, and not their number in a row `fail_max`.
    pub by_rate: bool,
    /// Whether the circuit did not run its body.
    pub rejected: bool,
}

impl CircuitEvent {
    pub(crate) fn new(old_state: CircuitState, new_state: CircuitState, failures: u32) -> Self {
        CircuitEvent { old_state, new_state, failures, tripped: false, by_rate: false, rejected: false }
    }
}

impl fmt::Display for CircuitEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rejected {
            return write!(f, "rejected, {}", self.new_state);
        }
        write!(f, "{} -> {}", self.old_state, self.new_state)?;
        if self.by_rate {
            write!(f, ", tripped by the rate of failures")?;
        } else if self.tripped {
            write!(f, ", tripped by failure {}", self.failures)?;
        }
        Ok(())
    }
}

impl Told for CircuitEvent {
    fn about(&self) -> &'static str {
        "circuit"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("old_state", Field::Text(self.old_state.as_str()));
        field("new_state", Field::Text(self.new_state.as_str()));
        field("failures", Field::Number(self.failures.into()));
        field("tripped", Field::Flag(self.tripped));
        if self.by_rate {
            field("by_rate", Field::Flag(true));
        }
        field("rejected", Field::Flag(self.rejected));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}

impl Event<'_> {
    /// The change of a circuit.
    #[must_use]
    pub fn circuit(&self) -> Option<CircuitEvent> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// The change of a circuit.
    #[must_use]
    pub fn circuit(&self) -> Option<CircuitEvent> {
        self.told().copied()
    }
}
