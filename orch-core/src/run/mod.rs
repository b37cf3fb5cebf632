//! A run while it goes on: what every step is given of it, as a type.
//!
//! [`Cx`] is what a step may ask of its run: the time, a wait, the execution of a task, and somebody to tell what happens. It
//! is a type parameter, chosen where the run starts:
//!
//! - [`Quiet`] is nothing. A run on tokio that nobody watches has neither the code nor the bytes of an event, a position or a
//!   runtime.
//! - [`Full`] knows where in which run it is, tells a bus, and may stand on a [`Runtime`](crate::Runtime) of the user's.
//!
//! Each execution of a step holds a guard while it lasts. The guard is the last field of the step's future, so that it is
//! dropped after the steps inside, and makes sure that there is exactly one terminal event. What is dropped has been
//! cancelled, unless a panic was seen on its way out of the guard's own poll.

mod arrival;
mod asks;
mod attempt;
mod begin;
mod coords;
mod cx;
mod full;
mod guard;
mod here;
mod inside;
pub(crate) mod lazy;
mod memory;
mod position;
mod quiet;
mod sleep;
mod state;
mod step;
mod task_guard;
#[cfg(test)]
mod tests;
mod time;
mod watcher;

pub use arrival::Arrival;
pub(crate) use asks::Asks;
#[cfg(feature = "durable")]
pub(crate) use asks::Kept;
pub use asks::{No, ToEnd, Undurable, Yes};
pub use attempt::{Attempt, Done};
pub(crate) use coords::{Coords, Count};
pub(crate) use cx::finish_block;
pub(crate) use cx::{Cx, Decision};
pub(crate) use full::Full;
pub(crate) use guard::{Guard, Queued};
pub(crate) use here::{Here, Lend};
pub use inside::Inside;
pub use memory::LastError;
pub use position::Position;
pub(crate) use quiet::Quiet;
pub(crate) use state::{Counts, Given, RunState};
pub(crate) use step::Step;
pub(crate) use task_guard::TaskGuard;
pub(crate) use watcher::Watcher;
