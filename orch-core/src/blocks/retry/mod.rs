//! `retry`: a body again, after it failed.
//!
//! The decision and the running are apart: a policy says after each failure whether there is another attempt and how long
//! to wait for it, the block runs the body and waits.
//!
//! - `max_attempts` counts the first attempt too. The error of the last one is the block's error, as it is.
//! - The wait before the k-th repetition is the k-th delay of the `backoff`, capped by `max_delay`, the first one too,
//!   then spread by `jitter`. Nothing of it can overflow: it saturates.
//! - What is retried is what [`Error::is_retryable`](crate::Error::is_retryable) says: errors of tasks, timeouts and panics that
//!   were caught, and with `rejections` a run that was turned away. `when` takes some of them away. It is not asked about the
//!   failure of the last attempt.
//! - `retry_after` reads a wait off the error, which is then never shorter, as jitter only adds. `max_elapsed` is for the time
//!   at which an attempt begins. A `budget` is asked last.
//! - Dropped, the block stops at once, in an attempt or between two. A panic of the body is no failure: it goes through
//!   the block, unless a `catch` inside makes an error of it.
//! - Attempts that fail without ever waiting take part in the scheduler's cooperative budget, so that they starve nobody.
//!
//! There is one clone of the piped value for each attempt that may not be the last, and none if the body does not use it.
//! Apart from that, and from what a [`backon::BackoffBuilder`] of the user's own does, the block allocates nothing. It
//! reads no clock, unless it has `max_elapsed` or a `budget`: these are types, and without them there is nothing of them.

mod budget;
mod elapsed;
mod events;
mod future;
mod options;
mod policy;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod words;

pub use budget::{CanBeABudget, RetryBudget, RetryBudgetBuilder};
pub use events::{BudgetSpent, Retrying};
pub use future::Retry;
pub use options::{
    Attempts, CanBeMaxAttempts, IntoAttempts, Options, Values, default, enter, given, retry, unlimited,
};
