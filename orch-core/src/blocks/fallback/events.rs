//! What a `fallback` tells.

use std::fmt;
use std::sync::Arc;

use crate::event::{Event, Field, OwnedEvent, Told};

/// A `fallback` block goes on to its next alternative. It is told at the path of the block, after the failure that it answers.
///
/// ```
/// use async_orch::{Event, bus};
///
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(fallback) = event.falling_back() {
///         println!("{} failed, {} is tried", fallback.step, fallback.to);
///     }
/// });
/// # let _ = watch;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FallingBack {
    /// The name of the step that failed.
    pub step: &'static str,
    /// The name of the alternative that starts: of a block its own, of an embedded pipeline that of its outermost step.
    pub to: &'static str,
}

impl fmt::Display for FallingBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "falling back from `{}` to `{}`", self.step, self.to)
    }
}

impl Told for FallingBack {
    fn about(&self) -> &'static str {
        "fallback"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("step", Field::Text(self.step));
        field("to", Field::Text(self.to));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}

impl Event<'_> {
    /// What a `fallback` says of the alternative to come.
    #[must_use]
    pub fn falling_back(&self) -> Option<FallingBack> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// What a `fallback` says of the alternative to come.
    #[must_use]
    pub fn falling_back(&self) -> Option<FallingBack> {
        self.told().copied()
    }
}
