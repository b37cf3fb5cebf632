//! What looks at the names and at what is piped when a block starts: its head.

use std::fmt;
use std::marker::PhantomData;

use crate::build::builder::Builder;
use crate::build::check::{Check, Checked, IsKept};
use crate::build::scope::{Scope, With};
use crate::error::Failure;

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// A condition on the names and on what is piped.
    pub fn holds<F>(self, condition: F) -> Condition<F>
    where
        F: for<'e, 'i> Fn(S::Ref<'e>, &'i In) -> bool,
    {
        Condition(condition)
    }

    /// What makes a `(usize, V)` of the names and of what is piped.
    pub fn looks<F, V>(self, look: F) -> Look<F, V>
    where
        F: for<'e, 'i> Fn(S::Ref<'e>, &'i In) -> (usize, V),
    {
        Look(look, PhantomData)
    }

    /// This builder, as far as what `look` gives can be kept for later steps.
    pub fn kept_look<F, V>(self, _look: &Look<F, V>) -> Checked<IsKept<V>, Self, (V,)> {
        Check::new(self)
    }

    /// The point inside, where what `look` gives has names.
    pub fn parted<F, V>(self, _look: &Look<F, V>) -> Builder<With<S, V>, In, E>
    where
        V: Send + Sync + 'static,
    {
        Builder::new()
    }
}

/// What looks at the names and at what is piped, and says yes or no.
pub struct Condition<F>(pub(crate) F);

impl<F> Condition<F> {
    /// The closure, to be looked at.
    pub fn __orch_closure(&self) -> &F {
        &self.0
    }
}

impl<F> fmt::Debug for Condition<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

/// What looks at the names and at what is piped, and gives a number and a `V`.
pub struct Look<F, V>(F, PhantomData<fn() -> V>);

impl<F, V> Look<F, V> {
    /// The closure, to be looked at.
    pub fn __orch_closure(&self) -> &F {
        &self.0
    }

    /// Looks.
    #[inline(always)]
    pub(crate) fn at<Ref, In>(&self, scope: Ref, piped: &In) -> (usize, V)
    where
        F: Fn(Ref, &In) -> (usize, V),
    {
        (self.0)(scope, piped)
    }
}

impl<F, V> fmt::Debug for Look<F, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

/// What a condition of the user's says of what is piped, of which its parameter needs no type.
#[inline(always)]
pub fn holds<'i, In>(piped: &'i In, condition: impl FnOnce(&'i In) -> bool) -> bool {
    condition(piped)
}

/// What a closure of the user's makes of what is piped, of which its parameter needs no type.
#[inline(always)]
pub fn look<'i, In, T>(piped: &'i In, look: impl FnOnce(&'i In) -> T) -> T {
    look(piped)
}
