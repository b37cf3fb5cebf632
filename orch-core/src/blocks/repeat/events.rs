//! What a `repeat` tells.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, Field, OwnedEvent, Span, Told};

/// A `repeat` block will run its body again, as that gave `ControlFlow::Continue`. It is told at the path of the block, when the
/// round is over and before the wait.
///
/// ```
/// use async_orch::{Event, bus};
///
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(next) = event.next_round() {
///         println!("round {} of {} follows in {:?}", next.round, event.node.path(), next.delay);
///     }
/// });
/// # let _ = watch;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NextRound {
    /// The round to come, from 2.
    pub round: u32,
    /// The wait before it.
    pub delay: Duration,
}

impl fmt::Display for NextRound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.delay.is_zero() {
            return write!(f, "goes on with round {}", self.round);
        }
        write!(f, "goes on with round {} in {}", self.round, Span(self.delay))
    }
}

impl Told for NextRound {
    fn about(&self) -> &'static str {
        "repeat"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("round", Field::Number(self.round.into()));
        field("delay", Field::Time(self.delay));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}

impl Event<'_> {
    /// What a `repeat` says of the round to come.
    #[must_use]
    pub fn next_round(&self) -> Option<NextRound> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// What a `repeat` says of the round to come.
    #[must_use]
    pub fn next_round(&self) -> Option<NextRound> {
        self.told().copied()
    }
}
