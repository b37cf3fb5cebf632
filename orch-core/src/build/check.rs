//! Checks: how one mistake stays one error.
//!
//! A bound on a method is reported where it fails, and then again wherever its consequences fail, up to the last use of
//! the pipeline. A check is asked instead: the expansion calls `Condition::__orch_holds(spot); check.pass(spot).__orch_known()`. The
//! first is the one error, if it is one. In the second, method lookup finds a method of the check's own where the condition holds,
//! and the value goes through. Elsewhere it finds a trait such as [`KeptWanted`], whose `pass` gives a type that nothing determines;
//! asked to know it, in [`Known`], the compiler settles for its error type, and whatever follows from that is silent.
//!
//! The condition is the trait whose function is called, and not a bound on one, as of a bound an error shows where it is written,
//! with lines from the inside of this crate. It is about one type, which the argument `spot` names, so that the error stands under
//! the argument. The expansion gives it the place of the user's step.
//!
//! Of a step there may be more to say than one condition does. Its `pass` gives it and the spot of a condition on its error.

use std::fmt;
use std::marker::PhantomData;

use crate::build::conditions::{
    AFuture, CanBeEmbedded, CanBeInput, CanBeKept, CanBeOwned, CanBeShared, CanBeTheErrorType, GivesAWait,
    GivesOneType, RunsABody, SaysYesOrNo,
};
use crate::build::feed::CanBeCloned;
use crate::build::items::{HasItems, StreamsItems};
use crate::build::rounds::{BeginsARound, EndsARound};
use crate::build::same::GivesTheSame;
use crate::build::scope::Point;
use crate::build::spot::Spot;
use crate::context::Failed;
use crate::error::Failure;
use crate::leaf::embed::Embed;
use crate::leaf::select::{Continued, ContinuedDebug, Fits, Plain, PlainDebug, Tried, TriedDebug, Unawaited};
use crate::leaf::{AsyncBody, AsyncContextBody, ContextBody, Inline, Leaf, NamedBody, SyncBody};
use crate::pipeline::Run;
use crate::policy::CanBeHandedOut;
use crate::task::{Fails, IntoFailure, Task};

/// A value on its way through a condition.
pub struct Check<C, V> {
    value: V,
    condition: PhantomData<fn() -> C>,
}

/// The value `V` at the check of the condition `C`, and the place for an error about `T`.
pub(crate) type Checked<C, V, T> = (Check<C, V>, Spot<T>);

impl<C, V> Check<C, V> {
    #[inline(always)]
    pub(crate) fn new<T>(value: V) -> Checked<C, V, T> {
        (Check { value, condition: PhantomData }, Spot::new())
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

macro_rules! check {
    ($(#[$doc:meta])* $condition:ident<$judged:ident $(, $param:ident)*> $wanted:ident: $($bounds:tt)*) => {
        $(#[$doc])*
        pub struct $condition<$judged $(, $param)*>(PhantomData<fn() -> ($judged, $($param,)*)>);

        impl<$judged $(, $param)*> fmt::Debug for $condition<$judged $(, $param)*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($condition))
            }
        }

        impl<$judged, Value $(, $param)*> Check<$condition<$judged $(, $param)*>, Value>
        where
            $judged: $($bounds)*
        {
            /// Lets the value through: the condition holds.
            #[inline(always)]
            pub fn pass(self, _spot: Spot<($judged, $($param,)*)>) -> Value {
                self.value
            }
        }

        $(#[$doc])*
        pub trait $wanted<$judged $(, $param)*>: Sized {
            /// Never called: where it is found, the condition does not hold.
            fn pass<Unknown>(self, _spot: Spot<($judged, $($param,)*)>) -> Unknown {
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
    IsKept<T> KeptWanted: CanBeKept
}
check! {
    /// It can be owned by a pipeline.
    IsOwned<T> OwnedWanted: CanBeOwned
}
check! {
    /// It can be the input of a pipeline.
    IsInput<T> InputWanted: CanBeInput
}
check! {
    /// It can be the error type of a pipeline.
    IsFailure<T> FailureWanted: CanBeTheErrorType
}
check! {
    /// It can be cloned.
    IsDuplicate<T> DuplicateWanted: CanBeCloned
}
check! {
    /// It has items.
    IsItems<T> ItemsWanted: HasItems
}
check! {
    /// It is a stream.
    IsStream<T> StreamWanted: StreamsItems
}
check! {
    /// It is a pipeline.
    IsRun<T> RunWanted: CanBeEmbedded
}

check! {
    /// It is the type that the first of several peers gives.
    IsOne<T, First> OneWanted: GivesOneType<First>
}

check! {
    /// It says whether there is another round.
    IsControl<T> ControlWanted: EndsARound
}
check! {
    /// It is what a round begins with.
    IsNextRound<T, In> NextRoundWanted: BeginsARound<In>
}

check! {
    /// It is what is piped.
    IsSame<T, In> SameWanted: GivesTheSame<In>
}

check! {
    /// A policy of this type can be shared.
    IsShared<T> SharedWanted: CanBeShared
}
check! {
    /// It is a policy for a body that gives `Out`, and may run it so often.
    IsPolicy<T, Out, E, Runs> PolicyWanted: RunsABody<Out, E, Runs>
}
check! {
    /// It can be given to so many runs of a body.
    IsHanded<T, Runs> HandedWanted: CanBeHandedOut<Runs>
}

check! {
    /// It says yes or no about an error.
    IsPredicate<T, E> PredicateWanted: SaysYesOrNo<E>
}
check! {
    /// It gives the wait that an error asks for.
    IsAsked<T, E> AskedWanted: GivesAWait<E>
}

/// It is a pipeline as a step, at the point `P` of a pipeline with the error type `E`.
pub struct IsStep<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

/// It is the step of a task, at the point `P` of a pipeline with the error type `E`.
pub struct IsTask<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

/// The same where its arguments are written.
pub struct IsCall<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

/// It is a closure as a step, at the point `P` of a pipeline with the error type `E`.
pub struct IsInline<St, P, E>(PhantomData<St>, PhantomData<P>, PhantomData<E>);

/// Where the conversion of an error is judged. An error that is none of a step's is the pipeline's own, which converts into itself.
type Conversion<X, E> = Spot<(X, E)>;

// What is asked for is what a step of this kind needs, and not that it is a step.
macro_rules! step {
    ($condition:ident [$($params:tt)*] $step:ty where $($bounds:tt)*) => {
        step!($condition [$($params)*] $step, $step where $($bounds)*);
    };
    ($condition:ident [$($params:tt)*] $step:ty, $judged:ty where $($bounds:tt)*) => {
        impl<$($params)*, P: Point, E: Failure> Check<$condition<$step, P, E>, $step>
        where
            $($bounds)*
        {
            /// Lets the step through.
            #[inline(always)]
            pub fn pass(self, _spot: Spot<$judged>) -> ($step, Conversion<E, E>) {
                (self.value, Spot::new())
            }
        }
    };
}

step!(IsStep [T, F] Embed<T, F> where T: Run<Error: IntoFailure<E>>, F: Send + Sync);
step!(IsTask [F, T, A, N] Leaf<F, T, A, N>, (T, A) where F: Send + Sync, T: Fails<A, E, Out: Send, Error: Send>);
step!(IsCall [F, T, A, N] Leaf<F, T, A, N> where F: Send + Sync, T: Fails<A, E, Out: Send, Error: Send>);
step!(IsInline [B, Raw, How, N] Inline<B, Raw, How, N> where B: Sent, How: Fits<Raw, E>);

macro_rules! output_of_a_task {
    ($($condition:ident)*) => {$(
        impl<F, T: Task<A>, A, N, P, E> Check<$condition<Leaf<F, T, A, N>, P, E>, Leaf<F, T, A, N>> {
            /// Where it is judged whether the output can be sent between threads.
            pub fn __orch_output(&self) -> Spot<(T::Out,)> {
                Spot::new()
            }

            /// Where it is judged whether the error can.
            pub fn __orch_failure(&self) -> Spot<(T::Error,)> {
                Spot::new()
            }
        }

        impl<F, T, A, N, P, E> NoOutput for &Check<$condition<Leaf<F, T, A, N>, P, E>, Leaf<F, T, A, N>> {}
    )*};
}

output_of_a_task!(IsTask IsCall);

/// It is no task of these arguments, which has been reported.
pub trait NoOutput: Sized {
    /// Where nothing is judged.
    fn __orch_output(self) -> Spot<((),)> {
        Spot::new()
    }

    /// Where nothing is judged.
    fn __orch_failure(self) -> Spot<((),)> {
        Spot::new()
    }
}

/// What an inline step is made of can be sent between threads, and what it gives while it is awaited.
///
/// One trait for all of them, as one check is found for each of them, known or not.
pub trait Sent {}

impl<F: Send + Sync> Sent for SyncBody<F> {}
impl<F: Send + Sync, Fut: Send> Sent for AsyncBody<F, Fut> {}
impl<F: Send + Sync> Sent for NamedBody<'_, F> {}
impl<F: Send + Sync, E> Sent for ContextBody<F, E> {}
impl<F: Send + Sync, E, A> Sent for AsyncContextBody<'_, F, E, A> {}

/// All that there can be against this step is its error.
pub trait ErrorWanted<X, Judged, E>: Sized {
    /// Never called: where it is found, the error does not convert.
    fn pass<Unknown>(self, _spot: Spot<Judged>) -> (Unknown, Conversion<X, E>) {
        unreachable!("it is no step")
    }
}

macro_rules! error_of {
    ($($condition:ident: [$($param:tt)*] $error:ty, $step:ty, $judged:ty $(where $sent:ty: Send)?;)*) => {
        $(impl<P, E, $($param)*> ErrorWanted<$error, $judged, E> for &Check<$condition<$step, P, E>, $step>
        where
            $($sent: Send)?
        {
        })*
    };
}

error_of! {
    IsStep: [T: Run, F] T::Error, Embed<T, F>, Embed<T, F>;
    IsTask: [F, T: Task<A>, A, N] T::Error, Leaf<F, T, A, N>, (T, A) where T::Error: Send;
    IsCall: [F, T: Task<A>, A, N] T::Error, Leaf<F, T, A, N>, Leaf<F, T, A, N> where T::Error: Send;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, X>, Tried, N>, Inline<B, Result<T, X>, Tried, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, X>, TriedDebug, N>, Inline<B, Result<T, X>, TriedDebug, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, Failed<X>>, Continued, N>, Inline<B, Result<T, Failed<X>>, Continued, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, Failed<X>>, ContinuedDebug, N>, Inline<B, Result<T, Failed<X>>, ContinuedDebug, N>;
}

macro_rules! output_of {
    ($([$($param:ident),*] $output:ty, $awaited:ty, $raw:ty, $how:ty;)*) => {$(
        impl<B, N, P, E, $($param),*> Check<IsInline<Inline<B, $raw, $how, N>, P, E>, Inline<B, $raw, $how, N>> {
            /// Where it is judged whether the output can be sent between threads.
            pub fn __orch_output(&self) -> Spot<($output,)> {
                Spot::new()
            }

            /// Where it is judged whether the output is more than a future.
            pub fn __orch_awaited(&self) -> Spot<($awaited,)> {
                Spot::new()
            }
        }
    )*};
}

output_of! {
    [T] T, (), T, Plain;
    [T] T, (), T, PlainDebug;
    [T] (), AFuture<T>, T, Unawaited;
    [T, X] T, (), Result<T, X>, Tried;
    [T, X] T, (), Result<T, X>, TriedDebug;
    [T, X] T, (), Result<T, Failed<X>>, Continued;
    [T, X] T, (), Result<T, Failed<X>>, ContinuedDebug;
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

debug!(IsStep IsTask IsCall IsInline);

/// A generic task does not take these arguments, or what a step gives or fails with cannot be sent between threads. That has
/// been reported, and there is nothing to add.
pub trait Reported<Judged, E>: Sized {
    /// Never called.
    fn pass<Unknown>(self, _spot: Spot<Judged>) -> (Unknown, Conversion<E, E>) {
        unreachable!("it is no step")
    }
}

// Found last, after what takes the check itself and what takes a reference.
impl<F, T, A, N, P, E> Reported<(T, A), E> for &mut Check<IsTask<Leaf<F, T, A, N>, P, E>, Leaf<F, T, A, N>> {}
impl<St, P, E> Reported<St, E> for &mut Check<IsCall<St, P, E>, St> {}
impl<St, P, E> Reported<St, E> for &mut Check<IsInline<St, P, E>, St> {}

/// The conditions: of the checks, and of what is piped.
pub(crate) mod wanted {
    pub use crate::build::conditions::{
        CanBeEmbedded, CanBeFailedWith, CanBeGiven, CanBeInput, CanBeKept, CanBeMovedIn, CanBeOwned,
        CanBeShared, CanBeTheErrorType, GivesAWait, GivesOneType, IsAwaited, RunsABody, SaysYesOrNo,
    };
    pub use crate::build::feed::CanBeCloned;
    pub use crate::build::items::{HasItems, StreamsItems};
    pub use crate::build::no_task::IsATask;
    pub use crate::build::rounds::{BeginsARound, EndsARound};
    pub use crate::build::same::GivesTheSame;
    pub use crate::build::slot::{
        EntersInto, FlowsInto, GoesInto, GoesOnWith, IteratesInto, SeveralArguments, StartsWith,
    };
    pub use crate::leaf::{
        AgreesWith, Annotation, Braces, EntersThem, LooksAtError, LooksAtPiped, NamesWhat,
    };
    pub use crate::policy::CanBeHandedOut;
    pub use crate::task::{IntoBoxError, IntoFailure, Task};
}

/// All traits that a check may be passed by, without a name.
pub mod methods {
    pub use super::{
        AskedWanted as _, ControlWanted as _, DuplicateWanted as _, ErrorWanted as _, FailureWanted as _,
        HandedWanted as _, InputWanted as _, ItemsWanted as _, KeptWanted as _, Known as _,
        NextRoundWanted as _, NoOutput as _, OneWanted as _, OwnedWanted as _, PolicyWanted as _,
        PredicateWanted as _, Reported as _, RunWanted as _, SameWanted as _, SharedWanted as _,
        StreamWanted as _,
    };
    pub use crate::leaf::select::{
        HowContinued as _, HowContinuedDebug as _, HowPlain as _, HowPlainDebug as _, HowTried as _,
        HowTriedDebug as _, HowUnawaited as _, HowWaiting as _,
    };
}

/// A value of the header, before it is owned.
pub fn owned<T>(value: T) -> Checked<IsOwned<T>, T, (T,)> {
    Check::new(value)
}

/// A value that stands for a pipeline, before it is one.
pub fn embedded<T>(value: T) -> Checked<IsRun<T>, T, (T,)> {
    Check::new(value)
}

impl<C, V> fmt::Debug for Check<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}
