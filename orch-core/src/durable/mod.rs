//! Durable runs: a pipeline whose run can be gone through once more in another process, and goes on where it was.
//!
//! What a run asks of the world passes through a [`Mailbox`], as [`Command`]s with numbers by order of issue. An [`Engine`] writes them down,
//! with what came of each, and [`drive`] goes between the two. A run that is gone through once more asks for the same in the same order,
//! and is given what it was given, one delivery at a time; the tasks that had finished do not run again.

pub(crate) mod declared;
mod drive;
mod engine;
mod fault;
mod mailbox;
mod wakes;
pub(crate) mod which;
mod written;

pub use drive::{drive, drive_by};
pub use engine::{Command, Delivery, Engine, Id};
pub use fault::Fault;
pub use mailbox::{__step_of, Mailbox};
pub use which::{Durable, check};

pub use crate::build::items::EachStream;
pub use crate::codec::Coding;
pub use crate::leaf::AsyncInlineStep;
#[doc(hidden)]
pub use written::answer as __answer;
pub(crate) use written::{outcome, read_outcome};
