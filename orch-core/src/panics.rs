//! What becomes of a panic in the user's code that must not go on from where it is: in a formatter called for an event, in
//! the `Drop` of what another panic carried.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops what a panic carried, which may panic too.
#[cold]
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Its `Drop` may panic as well, and so on.
        mem::forget(payload);
    }
}

/// Formats a value of the user's. A panic ends here, after the panic hook has had its say, and is told in the text: an event
/// is not lost because its output or error cannot be printed.
pub(crate) fn quietly(
    f: &mut fmt::Formatter<'_>,
    format: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    match catch_unwind(AssertUnwindSafe(|| format(f))) {
        Ok(written) => written,
        Err(payload) => {
            discard(payload);
            f.write_str("(panicked when it was formatted)")
        }
    }
}

/// A value that is displayed [`quietly`].
pub(crate) struct Quiet<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: fmt::Display + ?Sized> fmt::Display for Quiet<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quietly(f, |f| self.0.fmt(f))
    }
}
