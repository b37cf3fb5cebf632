//! What `repeat` asks of the output of its body.

use std::ops::ControlFlow;

use crate::build::same::{Are, Same};
use crate::build::spot::Spot;

/// What ends a round: a [`ControlFlow`].
#[diagnostic::on_unimplemented(
    message = "`repeat` goes on with `ControlFlow::Continue(next)` and ends with `ControlFlow::Break(out)`; this gives `{Self}`",
    label = "gives `{Self}`, and not a `ControlFlow`",
    note = "it is `std::ops::ControlFlow`; a task may give one, in a `Result` too"
)]
#[doc(hidden)]
pub trait EndsARound: Send + 'static {
    /// What the block gives.
    type Out: Send + 'static;
    /// What the next round begins with.
    type Next: Send + 'static;

    /// The one or the other.
    fn control(self) -> ControlFlow<Self::Out, Self::Next>;

    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Flow> EndsARound for T {
    type Out = T::Out;
    type Next = T::Next;

    #[inline(always)]
    fn control(self) -> ControlFlow<T::Out, T::Next> {
        self.flow()
    }
}

/// A [`ControlFlow`]. (It is a trait of its own for the reason that [`Are`] is one.)
#[doc(hidden)]
pub trait Flow: Send + 'static {
    /// What it breaks with.
    type Out: Send + 'static;
    /// What it continues with.
    type Next: Send + 'static;

    /// The value.
    fn flow(self) -> ControlFlow<Self::Out, Self::Next>;
}

impl<Out: Send + 'static, Next: Send + 'static> Flow for ControlFlow<Out, Next> {
    type Out = Out;
    type Next = Next;

    #[inline(always)]
    fn flow(self) -> ControlFlow<Out, Next> {
        self
    }
}

/// What a round hands on to the next one, which takes an `In`.
#[diagnostic::on_unimplemented(
    message = "the next round of `repeat` begins with what `ControlFlow::Continue` gives; this gives `{Self}`, and the first round takes `{In}`",
    label = "goes on with `{Self}`, not with `{In}`"
)]
#[doc(hidden)]
pub trait BeginsARound<In> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, In)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T, In> BeginsARound<In> for T where Same: Are<T, In> {}
