//! `timeout`: a body that has only so much time.
//!
//! - When the time is over, the body is dropped in that same poll, and the block fails with
//!   [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut). Around a `retry` it is a deadline for all attempts together and
//!   cuts a wait between two short; inside, each attempt has the time for itself.
//! - A body that is ready when the time is over wins: it is polled first.
//! - A body that could not be asked, because the scheduler's budget was gone, is asked again before the time counts as over.
//!   It is late if it then has to wait with budget left, or has used up what it had from the start of a poll a second time.
//!   (`tokio::time::timeout` looks at the clock if the body itself has used the budget up, and so loses answers that came in
//!   time; and if somebody else has, it does not look at all.)
//! - There is a timer only from the moment at which the body has to wait: a body that never does costs neither a timer nor
//!   a reading of the clock. The time counts from then on, and so begins later than the block by the time that the body
//!   took before it waited for the first time.
//! - Nothing can stop a body that does not give way to others: the timer is looked at when the body waits.
//! - A time of zero is possible at run time (`timeout(left)`, with nothing left): the body is polled once, and times out
//!   if it has to wait at all.
//! - The timer is polled outside of the cooperative budget, so that a body or a sibling which uses it up each time cannot keep
//!   the time from being over.

mod future;
mod options;
#[cfg(test)]
mod tests;

pub use crate::blocks::shell::enter;
pub use future::Timeout;
pub use options::{Options, Values, given, timeout};
