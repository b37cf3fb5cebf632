//! Whether a run was just turned away on this thread.
//!
//! A block that fails fast then drops that run's siblings, in the same poll. What is dropped so has not been given up on, and
//! nothing has been learnt of what it guards. It is written and read only where a run is not let through at once.

use std::cell::Cell;

thread_local! {
    static TURNED_AWAY: Cell<bool> = const { Cell::new(false) };
}

/// A run is turned away.
#[inline(always)]
pub(crate) fn turn_away() {
    TURNED_AWAY.set(true);
}

/// Something else begins, so that what is dropped from here on is not dropped because a run was turned away.
pub(crate) fn something_begins() {
    TURNED_AWAY.set(false);
}

/// Whether what is dropped now is a sibling of a run that was turned away. One that is dropped some time after such a run,
/// with nothing in between that would have told, is taken for it too.
pub(crate) fn was_turned_away() -> bool {
    TURNED_AWAY.get()
}
