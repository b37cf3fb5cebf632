//! Checks: how one mistake stays one error.
//!
//! A bound on a method is reported where it fails, and then again wherever its consequences fail, up to the last use of
//! the pipeline. A check is asked instead: the expansion calls `check.pass(span).__orch_known()`. Method lookup finds a method of the check's own
//! where the condition holds, and the value goes through. Elsewhere it finds a trait such as [`StepWanted`], whose `pass`
//! asks for the condition outright, which is the one error, and gives a type that nothing determines; asked to know it,
//! in [`Known`], the compiler settles for its error type, and whatever follows from that is silent.
//!
//! The condition is about one type, which the argument `span` names, so that the error stands under the argument.
//! The expansion gives it the place of the user's step.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::build::feed::Duplicate;
use crate::build::items::{Items, Streams};
use crate::build::rounds::{Control, NextRound};
use crate::build::same::Same;
use crate::build::scope::Point;
use crate::context::Failed;
use crate::error::{Error, Failure};
use crate::leaf::select::{Continued, ContinuedDebug, Fits, Tried, TriedDebug};
use crate::leaf::{AsyncBody, AsyncContextBody, ContextBody, Inline, Leaf, NamedBody, SyncBody};
use crate::pipeline::Run;
use crate::policy::{Handed, Policy};
use crate::run::Step;
use crate::task::{Fails, IntoFailure, Task};

/// A value on its way through a condition.
pub struct Check<C, V> {
    value: V,
    condition: PhantomData<fn() -> C>,
}

/// Where a condition about `T` is judged.
pub struct CheckSpan<T: ?Sized>(PhantomData<fn() -> T>);

/// The value `V` at the check of the condition `C`, and the place for an error about `T`.
pub(crate) type Checked<C, V, T> = (Check<C, V>, CheckSpan<T>);

impl<C, V> Check<C, V> {
    #[inline(always)]
    pub(crate) fn new<T>(value: V) -> Checked<C, V, T> {
        (Check { value, condition: PhantomData }, CheckSpan(PhantomData))
    }
}

/// Any value, once its type is known. Its methods are called on values of the user's, so they have names that no type or trait
/// of theirs has.
// It holds for types of every crate, as do the others here that are hidden: shown, they would stand in the documentation of
// each of them.
#[doc(hidden)]
pub trait Known: Sized {
    /// The value.
    #[inline(always)]
    fn __orch_known(self) -> Self {
        self
    }

    /// Nothing.
    #[inline(always)]
    fn __orch_settled(&self) {}
}

impl<T> Known for T {}

// What errors point at, the function's name and the bound, comes from the calls of this macro: from inside of it each
// note would show both places.
macro_rules! check {
    ($(#[$doc:meta])* $condition:ident<$judged:ident $(, $param:ident)*> $wanted:ident: $pass:ident where $($bounds:tt)*) => {
        $(#[$doc])*
        pub struct $condition<$judged $(, $param)*>(PhantomData<fn() -> ($judged, $($param,)*)>);

        impl<$judged $(, $param)*> fmt::Debug for $condition<$judged $(, $param)*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($condition))
            }
        }

        impl<$judged, Value $(, $param)*> Check<$condition<$judged $(, $param)*>, Value>
        where
            $($bounds)*
        {
            /// Lets the value through: the condition holds.
            #[inline(always)]
            pub fn $pass(self, _place: CheckSpan<$judged>) -> Value {
                self.value
            }
        }

        $(#[$doc])*
        pub trait $wanted<$judged $(, $param)*>: Sized {
            /// Never called: where it is found, the condition does not hold.
            fn $pass<Unknown>(self, _place: CheckSpan<$judged>) -> Unknown
            where
                $($bounds)*,
            {
                unreachable!("the condition does not hold")
            }
        }

        impl<$judged, Value $(, $param)*> $wanted<$judged $(, $param)*>
            for &Check<$condition<$judged $(, $param)*>, Value>
        {
        }
    };
}

check! {
    /// It can be kept for later steps.
    IsKept<T> KeptWanted: pass where T: Kept
}
check! {
    /// It can be owned by a pipeline.
    IsOwned<T> OwnedWanted: pass where T: Owned
}
check! {
    /// It can be the input of a pipeline.
    IsInput<T> InputWanted: pass where T: Input
}
check! {
    /// It can be the error type of a pipeline.
    IsFailure<T> FailureWanted: pass where T: Failure
}
check! {
    /// It can be cloned.
    IsDuplicate<T> DuplicateWanted: pass where T: Duplicate
}
check! {
    /// It has items.
    IsItems<T> ItemsWanted: pass where T: Items
}
check! {
    /// It is a stream.
    IsStream<T> StreamWanted: pass where T: Streams
}
check! {
    /// It is a pipeline.
    IsRun<T> RunWanted: pass where T: Run
}

check! {
    /// It is the type that the first of several peers gives.
    IsOne<T, First> OneWanted: pass where T: OneType<First>
}

check! {
    /// It says whether there is another round.
    IsControl<T> ControlWanted: pass where T: Control
}
check! {
    /// It is what a round begins with.
    IsNextRound<T, In> NextRoundWanted: pass where T: NextRound<In>
}

check! {
    /// It is what is piped.
    IsSame<T, In> SameWanted: pass where T: Same<In>
}

check! {
    /// A policy of this type can be shared.
    IsShared<T> SharedWanted: pass where T: Shared
}
check! {
    /// It is a policy for a body that gives `Out`, and may run it so often.
    IsPolicy<T, Out, E, Runs> PolicyWanted: pass where T: Policy<Out, E, Runs>
}
check! {
    /// It can be given to so many runs of a body.
    IsHanded<T, Runs> HandedWanted: pass where T: Handed<Runs>
}

check! {
    /// It says yes or no about an error.
    IsPredicate<T, E> PredicateWanted: pass where T: Predicate<E>
}
check! {
    /// It gives the wait that an error asks for.
    IsAsked<T, E> AskedWanted: pass where T: Asked<E>
}

/// It is a step at the point `P` of a pipeline with the error type `E`.
pub struct IsStep<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

impl<St, P: Point, E: Failure> Check<IsStep<St, P, E>, St>
where
    St: Step<P, E>,
{
    /// Lets the step through.
    #[inline(always)]
    pub fn pass(self, _place: CheckSpan<St>) -> St {
        self.value
    }
}

/// It is a step at the point `P` of a pipeline with the error type `E`.
pub trait StepWanted<St, P: Point, E: Failure>: Sized {
    /// Never called: where it is found, it is no step.
    fn pass<Unknown>(self, _place: CheckSpan<St>) -> Unknown
    where
        St: Step<P, E>,
    {
        unreachable!("it is no step")
    }
}

impl<St, P: Point, E: Failure> StepWanted<St, P, E> for &Check<IsStep<St, P, E>, St> {}

/// It is the step of a task, at the point `P` of a pipeline with the error type `E`.
pub struct IsTask<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

/// The same where its arguments are written.
pub struct IsCall<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

/// It is a closure as a step, at the point `P` of a pipeline with the error type `E`.
pub struct IsInline<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

// As above, what an error points at comes from the calls. What is asked for is what a step of this kind needs, and not that it is a
// step, as an error lists each bound on its way.
macro_rules! leaf {
    ($condition:ident [$($params:tt)*] $step:ty: $pass:ident where $($bounds:tt)*) => {
        impl<$($params)*, P: Point, E: Failure> Check<$condition<$step, P, E>, $step>
        where
            $($bounds)*
        {
            /// Lets the step through.
            #[inline(always)]
            pub fn $pass(self, _place: CheckSpan<$step>) -> $step {
                self.value
            }
        }
    };
}

leaf!(IsTask [F, T, A, N] Leaf<F, T, A, N>: pass where F: Send + Sync, T: Fails<A, E>, A: Send);
leaf!(IsCall [F, T, A, N] Leaf<F, T, A, N>: pass where F: Send + Sync, T: Fails<A, E>, A: Send);
leaf!(IsInline [B, Raw, How, N] Inline<B, Raw, How, N>: pass where B: Sent, How: Fits<Raw, E>);

/// What an inline step is made of can be sent between threads, and what it gives while it is awaited.
///
/// One trait for all of them, as one check is found for each of them, known or not.
pub trait Sent {}

impl<F: Send + Sync> Sent for SyncBody<F> {}
impl<F: Send + Sync, Fut: Send> Sent for AsyncBody<F, Fut> {}
impl<F: Send + Sync> Sent for NamedBody<'_, F> {}
impl<F: Send + Sync, E> Sent for ContextBody<F, E> {}
impl<F: Send + Sync, E, A> Sent for AsyncContextBody<'_, F, E, A> {}

macro_rules! error_of {
    ($($condition:ident: [$($param:tt)*] $error:ty, $step:ty;)*) => {
        $(impl<P, E, $($param)*> ErrorWanted<$error, $step, E> for &Check<$condition<$step, P, E>, $step> {})*
    };
}

error_of! {
    IsTask: [F, T: Task<A>, A, N] T::Error, Leaf<F, T, A, N>;
    IsCall: [F, T: Task<A>, A, N] T::Error, Leaf<F, T, A, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, X>, Tried, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, X>, TriedDebug, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, Failed<X>>, Continued, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, Failed<X>>, ContinuedDebug, N>;
}

macro_rules! debug {
    ($($condition:ident)*) => {$(
        impl<St, P, E> fmt::Debug for $condition<St, P, E> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($condition))
            }
        }
    )*};
}

debug!(IsTask IsCall IsInline);

// As above, what an error points at comes from the call.
macro_rules! error_wanted {
    ($(#[$doc:meta])* $pass:ident where $($bounds:tt)*) => {
        $(#[$doc])*
        pub trait ErrorWanted<X, St, E>: Sized {
            /// Never called: where it is found, it is no step.
            fn $pass<Unknown>(self, _place: CheckSpan<St>) -> Unknown
            where
                $($bounds)*,
            {
                unreachable!("it is no step")
            }
        }
    };
}

error_wanted! {
    /// All that there can be against this step is its error. That is asked for as it is, and not by way of the step: an error lists each
    /// bound on its way.
    pass where X: IntoFailure<E>
}

// Found after what takes a reference: it has no error, or not these arguments.
impl<St, P: Point, E: Failure> StepWanted<St, P, E> for &mut Check<IsTask<St, P, E>, St> {}
impl<St, P: Point, E: Failure> StepWanted<St, P, E> for &mut Check<IsInline<St, P, E>, St> {}

/// The arguments do not keep the bounds of a generic task. They have been reported where they stand, and there is nothing
/// to add.
pub trait Reported<St>: Sized {
    /// Never called.
    fn pass<Unknown>(self, _place: CheckSpan<St>) -> Unknown {
        unreachable!("it is no step")
    }
}

// Found last, after what takes the check itself and what takes a reference.
impl<St, P, E> Reported<St> for &mut Check<IsCall<St, P, E>, St> {}

impl<St, P, E> fmt::Debug for IsStep<St, P, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsStep")
    }
}

/// All traits that a check may be passed by, without a name.
pub mod methods {
    pub use super::{
        AskedWanted as _, ControlWanted as _, DuplicateWanted as _, ErrorWanted as _, FailureWanted as _,
        HandedWanted as _, InputWanted as _, ItemsWanted as _, KeptWanted as _, Known as _,
        NextRoundWanted as _, OneWanted as _, OwnedWanted as _, PolicyWanted as _, PredicateWanted as _,
        Reported as _, RunWanted as _, SameWanted as _, SharedWanted as _, StepWanted as _,
        StreamWanted as _,
    };
    pub use crate::leaf::select::{
        HowContinued as _, HowContinuedDebug as _, HowPlain as _, HowPlainDebug as _, HowTried as _,
        HowTriedDebug as _,
    };
}

/// A value that can be kept while later steps run, and look at it.
#[diagnostic::on_unimplemented(
    message = "a value with a name is seen by steps on other threads, and `{Self}` cannot be",
    label = "gives `{Self}`, which is not `Sync`",
    note = "put it into a `Mutex`, or pipe it into the next step without a name; what `collect` keeps is as good as named"
)]
#[doc(hidden)]
pub trait Kept {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Kept for T {}

/// A value that a pipeline can own.
#[diagnostic::on_unimplemented(
    message = "what the header owns is shared between threads, which `{Self}` cannot be",
    label = "is of the type `{Self}`, which is not `Send + Sync`",
    note = "a pipeline may run several times at once, on several threads; use a `Mutex` or an atomic"
)]
#[doc(hidden)]
pub trait Owned {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Owned for T {}

/// A value that several runs see.
#[diagnostic::on_unimplemented(
    message = "a policy is shared by all runs of the pipeline, on several threads, which `{Self}` cannot be",
    label = "is of the type `{Self}`, which is not `Send + Sync`",
    note = "what a policy holds is behind a `Mutex`, an atomic or an `Arc`, and not in a `Cell` or an `Rc`"
)]
#[doc(hidden)]
pub trait Shared {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync> Shared for T {}

/// A value that a run can be given.
#[diagnostic::on_unimplemented(
    message = "the input of a pipeline is sent between threads, which `{Self}` cannot be",
    label = "not `Send`"
)]
#[doc(hidden)]
pub trait Input {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Input for T {}

/// The type that the first of several peers gives, of which only one's output is used.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the steps of this block give one type, but this one gives `{Self}`, and the first gives `{First}`",
    label = "gives `{Self}`, not `{First}`",
    note = "make one type of them, by a step inside: `seq < fetch |page| {{ page.to_string() }} >`"
)]
pub trait OneType<First> {}

#[diagnostic::do_not_recommend]
impl<T> OneType<T> for T {}

/// What says yes or no about an error.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no closure over a reference to the error that gives a `bool`",
    label = "expected a closure, `|e| …`, or a function",
    note = "its parameter is a `&Error<{E}>`"
)]
pub trait Predicate<E> {}

#[diagnostic::do_not_recommend]
impl<E, T: Fn(&Error<E>) -> bool> Predicate<E> for T {}

/// What gives the wait that an error asks for.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no closure over a reference to the error that gives an `Option<Duration>`",
    label = "expected a closure, `|e| …`, or a function",
    note = "its parameter is a `&Error<{E}>`"
)]
pub trait Asked<E> {}

#[diagnostic::do_not_recommend]
impl<E, T: Fn(&Error<E>) -> Option<Duration>> Asked<E> for T {}

/// A value of the header, before it is owned.
pub fn owned<T>(value: T) -> Checked<IsOwned<T>, T, T> {
    Check::new(value)
}

/// A value that stands for a pipeline, before it is one.
pub fn embedded<T>(value: T) -> Checked<IsRun<T>, T, T> {
    Check::new(value)
}

impl<C, V> fmt::Debug for Check<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

impl<T: ?Sized> fmt::Debug for CheckSpan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckSpan")
    }
}
