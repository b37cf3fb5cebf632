//! What a `retry` asks of its budget, if it has one.

use std::convert::Infallible;
use std::sync::Arc;

use super::RetryBudget;
use super::asks::{Asked, Asking};

/// The option `budget`, as a type: without it nothing is counted.
pub trait Spend: Send + Sync {
    /// What there is to know of an attempt, as far as there is a budget that wants to know.
    type Reached: Copy + Default + Send;

    /// A question that the runtime has taken on: of no value where there is nobody to ask.
    type Asking<'a, N: Send + 'a>: Asking<'a, N>;

    /// Whether anything is counted.
    const COUNTS: bool;

    /// An attempt has succeeded; `is_new` if that has not happened before, in a process that is gone.
    fn succeeded(&self, reached: Self::Reached, is_new: impl FnOnce() -> bool);

    /// An attempt has failed.
    fn failed(
        &self,
        reached: Self::Reached,
        is_rejection: bool,
        is_new: impl FnOnce() -> bool,
    ) -> Self::Reached;

    /// Who has to be asked for another one.
    fn asks(&self, reached: Self::Reached) -> Option<&RetryBudget>;

    /// Another one follows, which took a token or not.
    fn follows(reached: Self::Reached, took: bool) -> Self::Reached;
}

/// Without `budget`.
#[derive(Clone, Copy, Debug)]
pub struct NoBudget;

impl Spend for NoBudget {
    type Reached = ();
    type Asking<'a, N: Send + 'a> = Infallible;

    const COUNTS: bool = false;

    #[inline(always)]
    fn succeeded(&self, (): (), _is_new: impl FnOnce() -> bool) {}

    #[inline(always)]
    fn failed(&self, (): (), _is_rejection: bool, _is_new: impl FnOnce() -> bool) {}

    #[inline(always)]
    fn asks(&self, (): ()) -> Option<&RetryBudget> {
        None
    }

    #[inline(always)]
    fn follows((): (), _took: bool) {}
}

/// What a budget has to know of an attempt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached {
    /// One has reached the body and was not turned away.
    body: bool,
    /// This one took a token.
    took: bool,
}

impl Spend for RetryBudget {
    type Reached = Reached;
    type Asking<'a, N: Send + 'a> = Box<Asked<'a, N>>;

    const COUNTS: bool = true;

    #[inline]
    fn succeeded(&self, reached: Reached, is_new: impl FnOnce() -> bool) {
        if !reached.body && is_new() {
            self.deposit();
        }
    }

    fn failed(&self, reached: Reached, is_rejection: bool, is_new: impl FnOnce() -> bool) -> Reached {
        // The first that was no rejection adds to it, wherever it stands.
        if !is_rejection && !reached.body && is_new() {
            self.deposit();
        }
        if is_rejection && reached.took {
            self.give_back();
        }
        Reached { body: reached.body || !is_rejection, took: false }
    }

    fn asks(&self, reached: Reached) -> Option<&RetryBudget> {
        reached.body.then_some(self)
    }

    fn follows(reached: Reached, took: bool) -> Reached {
        Reached { took, ..reached }
    }
}

/// What can be given as `budget`: a [`RetryBudget`], a reference to one, or an `Arc` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a budget for retries",
    label = "expected a `RetryBudget` or a reference to one",
    note = "one to share is made with `RetryBudget::builder().build()`; a builder alone is none yet"
)]
pub trait IntoBudget {
    /// The handle.
    fn into_budget(self) -> RetryBudget;
}

/// As [`IntoBudget`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a budget for retries",
    label = "expected a `RetryBudget` or a reference to one",
    note = "one to share is made with `RetryBudget::builder().build()`; a builder alone is none yet"
)]
#[doc(hidden)]
pub trait CanBeABudget: Sized {
    /// What it is as the option.
    fn given(value: Self) -> RetryBudget;
}

#[diagnostic::do_not_recommend]
impl<T: IntoBudget> CanBeABudget for T {
    #[inline(always)]
    fn given(value: T) -> RetryBudget {
        value.into_budget()
    }
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
