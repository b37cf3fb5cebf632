//! What a `retry` tells.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, Field, OwnedEvent, Span, TaskState, Told};

/// A `retry` block will run its body again. It is told at the path of the block, after the failure that it answers.
///
/// ```
/// use async_orch::{Event, bus};
///
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(retry) = event.retrying() {
///         println!("{} failed, attempt {} follows in {:?}", retry.step, retry.attempt, retry.delay);
///     }
/// });
/// # let _ = watch;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retrying {
    /// The name of the step that failed.
    pub step: &'static str,
    /// The attempt to come, from 2.
    pub attempt: u32,
    /// The wait before it.
    pub delay: Duration,
}

impl fmt::Display for Retrying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "retrying `{}` in {}, attempt {}", self.step, Span(self.delay), self.attempt)
    }
}

impl Told for Retrying {
    fn about(&self) -> &'static str {
        "retry"
    }

    fn state(&self) -> Option<TaskState> {
        Some(TaskState::Retrying)
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("step", Field::Text(self.step));
        field("attempt", Field::Number(self.attempt.into()));
        field("delay", Field::Time(self.delay));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}

impl Event<'_> {
    /// What a `retry` says of the attempt to come.
    #[must_use]
    pub fn retrying(&self) -> Option<Retrying> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// What a `retry` says of the attempt to come.
    #[must_use]
    pub fn retrying(&self) -> Option<Retrying> {
        self.told().copied()
    }
}
