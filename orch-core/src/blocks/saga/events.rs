//! What a saga tells.

use std::fmt;
use std::sync::Arc;

use crate::event::{Field, Told};

/// Something that a `saga` block says of its undos, at the path of the block.
///
/// ```
/// use async_orch::{Event, SagaEvent, bus};
///
/// let alarm = bus::from_fn(|event: &Event<'_>| {
///     if let Some(SagaEvent::Abandoned { steps, .. }) = event.told() {
///         eprintln!("{}: {steps} steps are not undone", event.node.path());
///     }
/// });
/// # let _ = alarm;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SagaEvent {
    /// It has failed, and undoes what was done; it is told before the first undo starts.
    #[non_exhaustive]
    Undoing {
        /// How many steps are undone.
        steps: usize,
    },
    /// It was dropped, and nothing undoes what was done.
    #[non_exhaustive]
    Abandoned {
        /// How many steps would have to be undone.
        steps: usize,
    },
}

impl SagaEvent {
    fn steps(self) -> usize {
        match self {
            SagaEvent::Undoing { steps } | SagaEvent::Abandoned { steps } => steps,
        }
    }
}

impl fmt::Display for SagaEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps();
        let noun = if steps == 1 { "step" } else { "steps" };
        match self {
            SagaEvent::Undoing { .. } => write!(f, "undoes {steps} {noun}"),
            SagaEvent::Abandoned { .. } => write!(f, "is dropped with {steps} {noun} not undone"),
        }
    }
}

impl Told for SagaEvent {
    fn about(&self) -> &'static str {
        "saga"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        let change = match self {
            SagaEvent::Undoing { .. } => "undoing",
            SagaEvent::Abandoned { .. } => "abandoned",
        };
        field("change", Field::Text(change));
        field("steps", Field::Number(self.steps() as u64));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}
