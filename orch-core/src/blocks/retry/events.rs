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

/// A `retry` block would run its body again, and its [`RetryBudget`](crate::RetryBudget) has nothing left: the error is the
/// block's. It is told at the path of the block, after the failure and before the block's end.
///
/// ```
/// use async_orch::{Event, bus};
///
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(spent) = event.budget_spent() {
///         println!("{} failed, and no attempt {} is left", spent.step, spent.attempts + 1);
///     }
/// });
/// # let _ = watch;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetSpent {
    /// The name of the step that failed.
    pub step: &'static str,
    /// The attempts that were made.
    pub attempts: u32,
}

impl fmt::Display for BudgetSpent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not retrying `{}` after attempt {}, the budget is spent", self.step, self.attempts)
    }
}

impl Told for BudgetSpent {
    fn about(&self) -> &'static str {
        "retry"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("step", Field::Text(self.step));
        field("attempts", Field::Number(self.attempts.into()));
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

    /// That a `retry` has no attempt left in its budget.
    #[must_use]
    pub fn budget_spent(&self) -> Option<BudgetSpent> {
        self.told().copied()
    }
}

impl OwnedEvent {
    /// What a `retry` says of the attempt to come.
    #[must_use]
    pub fn retrying(&self) -> Option<Retrying> {
        self.told().copied()
    }

    /// That a `retry` has no attempt left in its budget.
    #[must_use]
    pub fn budget_spent(&self) -> Option<BudgetSpent> {
        self.told().copied()
    }
}
