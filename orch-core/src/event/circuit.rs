//! The changes of circuits.

use crate::circuit::CircuitState;

/// A circuit changed its state, or rejected a run.
///
/// ```
/// use async_orch::{CircuitState, Event, EventKind, bus};
///
/// let alarm = bus::from_fn(|event: &Event<'_>| {
///     if let EventKind::Circuit(circuit) = event.kind
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
    /// Whether a failure of this run opened the circuit.
    pub tripped: bool,
    /// Whether the circuit did not run its body.
    pub rejected: bool,
}

impl CircuitEvent {
    pub(crate) fn new(old_state: CircuitState, new_state: CircuitState, failures: u32) -> Self {
        CircuitEvent { old_state, new_state, failures, tripped: false, rejected: false }
    }
}
