//! What the blocks that let some runs through, and not others, have in common.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

mod gated;
mod handle;
mod inside;
mod keyed;
#[cfg(all(test, orch_loom))]
mod loom;
mod queue;
#[cfg(test)]
mod tests;
mod timer;
mod turned_away;
mod waiting;

pub(crate) use gated::{Answer, Gate, Gated, Place, time_left};
pub(crate) use handle::Handle;
pub use handle::IntoHandle;
pub(crate) use inside::{enter, is_inside, leave};
pub use keyed::Keyed;
pub(crate) use keyed::Rest;
pub(crate) use queue::{Calls, Queue, Ticket};
pub(crate) use timer::Timer;
pub(crate) use turned_away::{something_begins, turn_away, was_turned_away};
pub use waiting::Waiting;

/// Runs foreign code where its panic would be nobody's: it ends here, after the panic hook has had its say. What it carried
/// may panic when it is dropped, too.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|payload| {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                mem::forget(payload);
            }
        })
        .ok()
}
