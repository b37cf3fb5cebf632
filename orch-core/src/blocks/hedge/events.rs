//! What a `hedge` tells.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, Field, OwnedEvent, Span, Told};

/// A `hedge` block runs its body once more, beside the attempts that are under way. It is told at the path of the block.
///
/// ```
/// use async_orch::{Event, bus};
///
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(hedge) = event.hedging() {
///         println!("{}: attempt {} starts", event.node.path(), hedge.attempt);
///     }
/// });
/// # let _ = watch;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hedging {
    /// The attempt that starts, from 2.
    pub attempt: u32,
    /// How long there was no answer to the one before; zero if it starts since one has failed.
    pub after: Duration,
}

impl fmt::Display for Hedging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after.is_zero() {
            write!(f, "attempt {} starts after a failure", self.attempt)
        } else {
            write!(f, "no answer in {}, attempt {} starts", Span(self.after), self.attempt)
        }
    }
}

impl Told for Hedging {
    fn about(&self) -> &'static str {
        "hedge"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("attempt", Field::Number(self.attempt.into()));
        field("after", Field::Time(self.after));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}

impl Event<'_> {
    /// What a `hedge` says of a further attempt.
    #[must_use]
    pub fn hedging(&self) -> Option<Hedging> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// What a `hedge` says of a further attempt.
    #[must_use]
    pub fn hedging(&self) -> Option<Hedging> {
        self.told().copied()
    }
}
