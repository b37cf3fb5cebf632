//! What `repeat` asks of the output of its body.

use std::ops::ControlFlow;

/// What ends a round: a [`ControlFlow`].
#[diagnostic::on_unimplemented(
    message = "`repeat` goes on with `ControlFlow::Continue(next)` and ends with `ControlFlow::Break(out)`; this gives `{Self}`",
    label = "gives `{Self}`, and not a `ControlFlow`",
    note = "it is `std::ops::ControlFlow`; a task may give one, in a `Result` too"
)]
#[doc(hidden)]
pub trait Control: Send + 'static {
    /// What the block gives.
    type Out: Send + 'static;
    /// What the next round begins with.
    type Next: Send + 'static;

    /// The one or the other.
    fn control(self) -> ControlFlow<Self::Out, Self::Next>;
}

#[diagnostic::do_not_recommend]
impl<Out: Send + 'static, Next: Send + 'static> Control for ControlFlow<Out, Next> {
    type Out = Out;
    type Next = Next;

    #[inline(always)]
    fn control(self) -> ControlFlow<Out, Next> {
        self
    }
}

/// What a round hands on to the next one, which takes an `In`.
#[diagnostic::on_unimplemented(
    message = "the next round of `repeat` begins with what `ControlFlow::Continue` gives; this gives `{Self}`, and the first round takes `{In}`",
    label = "goes on with `{Self}`, not with `{In}`"
)]
#[doc(hidden)]
pub trait NextRound<In> {}

#[diagnostic::do_not_recommend]
impl<T> NextRound<T> for T {}
