//! `race`: peers at once, and the first success wins.
//!
//! - Children start in written order and are polled as they start. One that succeeds at once leaves the later ones unstarted,
//!   without events. Of several that succeed in one poll the first in written order wins.
//! - The others are dropped in the poll in which the winner ends, and tell so before the block ends. A circuit in a loser counts
//!   nothing.
//! - A failure ends nothing, of whatever kind it is, rejections and timeouts included. When all have failed the last error in
//!   time is the block's, and the others are [`Error::others`](crate::Error::others), in order of time.
//! - A panic of one drops the rest and unwinds.
//!
//! It is polled as `par` is, and allocates as much: nothing for up to eight children, one set of wakers for more.

mod options;
mod policy;
#[cfg(test)]
mod tests;

pub use crate::blocks::peers::{child, fork};
pub use options::{Options, race};
pub use policy::{FirstOf, FirstSuccess, Lost};
