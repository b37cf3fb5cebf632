//! What a run tells that waits at a gatekeeper.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, Field, OwnedEvent, Span, Told};

/// A `circuit`, `bulkhead` or `throttle` block waits to be let through. It is told once, at the path of the block, when the wait
/// begins; the start of a step inside says that it is over, or the end of the block.
///
/// ```
/// use async_orch::{Event, bus};
///
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(waiting) = event.waiting() {
///         println!("{} waits, as {}", event.node.path(), waiting.cause);
///     }
/// });
/// # let _ = watch;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// Why, in a few words that stay the same from version to version: "no place is free", "no token is left", "a probe is under
    /// way".
    pub cause: &'static str,
    /// How long, as far as it is known: until the token is there, or at most. `None` if there is no end to it.
    pub time: Option<Duration>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waits, as {}", self.cause)?;
        match self.time {
            Some(time) => write!(f, ", for {} at most", Span(time)),
            None => Ok(()),
        }
    }
}

impl Told for Waiting {
    fn about(&self) -> &'static str {
        "waiting"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("cause", Field::Text(self.cause));
        if let Some(time) = self.time {
            field("time", Field::Time(time));
        }
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}

impl Event<'_> {
    /// That a block waits to be let through.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// That a block waits to be let through.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        self.told().copied()
    }
}
