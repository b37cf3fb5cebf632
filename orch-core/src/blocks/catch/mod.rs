//! `catch`: a panic of the body as an error.
//!
//! A panic in an inline step, or in a task that runs in the caller's future, otherwise unwinds through the pipeline to the
//! caller, as through `tokio::join!`. Here it becomes [`ErrorKind::Panicked`](crate::ErrorKind::Panicked) with the panic's
//! message, at the path of the block. The panic hook has run before, so the message and the step's place are on stderr as
//! ever. With `panic = "abort"` there is nothing to catch.
//!
//! - The body is dropped in the poll that panicked, before the block fails: the step that panicked is `Failed`, steps beside
//!   it are `Cancelled`, a circuit inside counts a failure.
//! - Panics on the way are caught too: of arguments, of predicates, of the destructors that run when the body is dropped.
//!   Of several, the first is the error. A panic of a destructor during an unwinding aborts, as everywhere.
//! - A panic while the block itself is dropped, at a cancellation, is not caught.
//! - What the steps share with others is as the panic left it: as with a panic in a spawned task, the unwind safety of that
//!   is for the steps to see to.

mod future;
mod options;
#[cfg(test)]
mod tests;

pub use crate::blocks::shell::enter;
pub use future::Catch;
pub use options::{Options, catch};
