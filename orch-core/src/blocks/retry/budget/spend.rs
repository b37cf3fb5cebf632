//! What a `retry` asks of its budget, if it has one.

use std::sync::Arc;
use std::time::Instant;

use super::RetryBudget;

/// The option `budget`, as a type: without it nothing is counted.
pub trait Spend: Send + Sync {
    /// Whether an attempt has reached the body and was not turned away, as far as there is a budget that wants to know.
    type Reached: Copy + Default + Send;

    /// Whether anything is counted.
    const COUNTS: bool;

    /// An attempt has succeeded.
    fn succeeded(&self, reached: Self::Reached);

    /// An attempt has failed.
    fn failed(&self, reached: Self::Reached, is_rejection: bool) -> Self::Reached;

    /// Whether another one may follow.
    fn takes(&self, reached: Self::Reached, now: impl FnOnce() -> Instant) -> bool;
}

/// Without `budget`.
#[derive(Clone, Copy, Debug)]
pub struct NoBudget;

impl Spend for NoBudget {
    type Reached = ();

    const COUNTS: bool = false;

    #[inline(always)]
    fn succeeded(&self, (): ()) {}

    #[inline(always)]
    fn failed(&self, (): (), _is_rejection: bool) {}

    #[inline(always)]
    fn takes(&self, (): (), _now: impl FnOnce() -> Instant) -> bool {
        true
    }
}

impl Spend for RetryBudget {
    type Reached = bool;

    const COUNTS: bool = true;

    #[inline]
    fn succeeded(&self, reached: bool) {
        if !reached {
            self.deposit();
        }
    }

    fn failed(&self, reached: bool, is_rejection: bool) -> bool {
        match (reached, is_rejection) {
            // It is the first that was no rejection, wherever it stands.
            (false, false) => self.deposit(),
            // As one had been before, this one had taken a token.
            (true, true) => self.give_back(),
            (true, false) | (false, true) => {}
        }
        reached || !is_rejection
    }

    fn takes(&self, reached: bool, now: impl FnOnce() -> Instant) -> bool {
        !reached || self.take(now())
    }
}

/// What can be given as `budget`: a [`RetryBudget`], a reference to one, or an `Arc` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a budget for retries",
    label = "expected a `RetryBudget` or a reference to one",
    note = "a budget to share is made with `RetryBudget::builder()`"
)]
pub trait IntoBudget {
    /// The handle.
    fn into_budget(self) -> RetryBudget;
}

impl IntoBudget for RetryBudget {
    fn into_budget(self) -> RetryBudget {
        self
    }
}

impl IntoBudget for &RetryBudget {
    fn into_budget(self) -> RetryBudget {
        self.clone()
    }
}

/// As a name or a header's `let` of a reference gives it.
impl IntoBudget for &&RetryBudget {
    fn into_budget(self) -> RetryBudget {
        (**self).clone()
    }
}

impl IntoBudget for Arc<RetryBudget> {
    fn into_budget(self) -> RetryBudget {
        (*self).clone()
    }
}

impl IntoBudget for &Arc<RetryBudget> {
    fn into_budget(self) -> RetryBudget {
        (**self).clone()
    }
}
