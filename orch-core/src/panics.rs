//! What becomes of a panic in the user's code that must not go on from where it is: in a formatter called for an event, in
//! the `Drop` of what another panic carried.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

/// Drops what a panic carried, which may panic too.
#[cold]
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Its `Drop` may panic as well, and so on.
        mem::forget(payload);
    }
}

/// Polls, and catches a panic.
///
/// What is caught goes through memory, as a whole: a result with the room for an error in it would be written in parts and read back
/// otherwise, which has to be waited for. So an error goes beside it.
#[inline(always)]
pub(crate) fn catch_poll<T, X>(
    poll: impl FnOnce() -> Poll<Result<T, X>>,
) -> Result<Poll<Result<T, X>>, Box<dyn Any + Send>> {
    let mut failed = None;
    let poll = || poll().map(|result| result.map_err(|error| failed = Some(error)).ok());
    let polled = catch_unwind(AssertUnwindSafe(poll))?;
    Ok(match polled {
        Poll::Ready(Some(output)) => Poll::Ready(Ok(output)),
        Poll::Ready(None) => failed.map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
        Poll::Pending => Poll::Pending,
    })
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
