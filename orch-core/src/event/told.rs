//! What a block or a step tells that is particular to it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Event, EventKind, OwnedEvent, TaskState};

/// Something that a step tells in the midst of its execution: a circuit that opened, an attempt to come, a note.
///
/// Each kind is a type of its own, which [`Event::told`] finds. It displays as the text of a log line.
///
/// ```
/// use async_orch::{CircuitEvent, Event, bus};
///
/// let alarm = bus::from_fn(|event: &Event<'_>| {
///     if let Some(circuit) = event.told::<CircuitEvent>() {
///         eprintln!("{}: {circuit}", event.node.path());
///     }
/// });
/// # let _ = alarm;
/// ```
pub trait Told: Any + fmt::Debug + fmt::Display + Send + Sync {
    /// What it is about, in a word: a label for logs and metrics.
    fn about(&self) -> &'static str;

    /// The state that the step is in now, if this is one.
    fn state(&self) -> Option<TaskState> {
        None
    }

    /// Gives what it says, a name and a value at a time: for whoever writes events down without knowing their types.
    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>));

    /// One of its own, to keep.
    fn shared(&self) -> Arc<dyn Told>;
}

/// A value in what is [`Told`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Field<'a> {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// A time.
    Time(Duration),
    /// A text.
    Text(&'a str),
}

impl dyn Told {
    /// It, if it is a `T`.
    #[must_use]
    pub fn downcast_ref<T: Told>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}

impl<'a> Event<'a> {
    /// What a step told that is particular to it, if it is a `T`.
    #[must_use]
    pub fn told<T: Told>(&self) -> Option<&'a T> {
        match self.kind {
            EventKind::Told(told) => told.downcast_ref(),
            _ => None,
        }
    }
}

impl OwnedEvent {
    /// What a step told that is particular to it, if it is a `T`.
    #[must_use]
    pub fn told<T: Told>(&self) -> Option<&T> {
        match &self.change {
            super::Change::Told(told) => told.downcast_ref(),
            _ => None,
        }
    }
}
