//! What goes on on this thread, further up the stack or just before.
//!
//! **Inside of which probes it is.** A probe's body may hold further circuits of the same breaker: they are parts of it, and
//! not runs that come while it is under way. Nobody hands a run's identity down to them. But a body is polled by its
//! circuit, so whatever starts in it does so further down the same stack.
//!
//! **Whether a run was just turned away.** A block that fails fast then drops that run's siblings, in the same poll. A
//! probe among them has not been given up on, and nothing has been learnt of the service.
//!
//! Both are written and read only where a circuit is not closed.

use std::cell::{Cell, RefCell};

use super::permit::Permit;
use super::shared::Shared;

thread_local! {
    /// Innermost last: the address of the circuit, which outlives the poll, and the probe.
    static PROBES: RefCell<Vec<(usize, Permit)>> = const { RefCell::new(Vec::new()) };

    static TURNED_AWAY: Cell<bool> = const { Cell::new(false) };
}

/// From here on this thread is inside of that probe, until it [leaves](leave).
pub(crate) fn enter(circuit: &Shared, probe: Permit) {
    arrive();
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

/// A run is turned away.
#[inline(always)]
pub(crate) fn turn_away() {
    TURNED_AWAY.set(true);
}

/// Something else begins, so that what is dropped from here on is not dropped because a run was turned away.
pub(crate) fn arrive() {
    TURNED_AWAY.set(false);
}

/// Whether what is dropped now is a sibling of a run that was turned away. One that is dropped some time after such a run,
/// with nothing in between that would have told, is taken for it too.
pub(crate) fn was_turned_away() -> bool {
    TURNED_AWAY.get()
}

fn address(circuit: &Shared) -> usize {
    std::ptr::from_ref(circuit).addr()
}
