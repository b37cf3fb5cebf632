//! Inside of which probes this thread is, further up the stack.
//!
//! A probe's body may hold further circuits of the same breaker: they are parts of it, and
//! not runs that come while it is under way. Nobody hands a run's identity down to them. But a body is polled by its
//! circuit, so whatever starts in it does so further down the same stack.
//!
//! It is written and read only where a circuit is not closed.

use std::cell::RefCell;

use super::permit::Permit;
use super::shared::Shared;
use crate::blocks::gatekeepers;

thread_local! {
    /// Innermost last: the address of the circuit, which outlives the poll, and the probe.
    static PROBES: RefCell<Vec<(usize, Permit)>> = const { RefCell::new(Vec::new()) };
}

/// From here on this thread is inside of that probe, until it [leaves](leave).
pub(crate) fn enter(circuit: &Shared, probe: Permit) {
    gatekeepers::something_begins();
    // Without the list, at the end of a thread, it is as if the probe were not there.
    let _ = PROBES.try_with(|probes| probes.borrow_mut().push((address(circuit), probe)));
}

/// It leaves the innermost.
pub(crate) fn leave() {
    let _ = PROBES.try_with(|probes| probes.borrow_mut().pop());
}

/// Whether this thread is inside of that probe.
pub(crate) fn is_inside(circuit: &Shared, probe: Permit) -> bool {
    let is_it = |probes: &RefCell<Vec<_>>| probes.borrow().contains(&(address(circuit), probe));
    PROBES.try_with(is_it).unwrap_or(false)
}

fn address(circuit: &Shared) -> usize {
    std::ptr::from_ref(circuit).addr()
}
