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
use std::time::Duration;

use crate::build::feed::CanBeCloned;
use crate::build::items::{HasItems, StreamsItems};
use crate::build::rounds::{BeginsARound, EndsARound};
use crate::build::same::{Are, GivesTheSame, Same};
use crate::build::scope::Point;
use crate::build::spot::Spot;
use crate::context::Failed;
use crate::error::{Error, Failure};
use crate::leaf::embed::Embed;
use crate::leaf::select::{Continued, ContinuedDebug, Fits, Plain, PlainDebug, Tried, TriedDebug};
use crate::leaf::{AsyncBody, AsyncContextBody, ContextBody, Inline, Leaf, NamedBody, SyncBody};
use crate::pipeline::Run;
use crate::policy::{CanBeHandedOut, Policy};
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
step!(IsTask [F, T, A, N] Leaf<F, T, A, N>, (T, A) where F: Send + Sync, T: Fails<A, E>, A: Send);
step!(IsCall [F, T, A, N] Leaf<F, T, A, N> where F: Send + Sync, T: Fails<A, E>, A: Send);
step!(IsInline [B, Raw, How, N] Inline<B, Raw, How, N> where B: Sent, How: Fits<Raw, E>);

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
    ($($condition:ident: [$($param:tt)*] $error:ty, $step:ty, $judged:ty;)*) => {
        $(impl<P, E, $($param)*> ErrorWanted<$error, $judged, E> for &Check<$condition<$step, P, E>, $step> {})*
    };
}

error_of! {
    IsStep: [T: Run, F] T::Error, Embed<T, F>, Embed<T, F>;
    IsTask: [F, T: Task<A>, A, N] T::Error, Leaf<F, T, A, N>, (T, A);
    IsCall: [F, T: Task<A>, A, N] T::Error, Leaf<F, T, A, N>, Leaf<F, T, A, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, X>, Tried, N>, Inline<B, Result<T, X>, Tried, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, X>, TriedDebug, N>, Inline<B, Result<T, X>, TriedDebug, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, Failed<X>>, Continued, N>, Inline<B, Result<T, Failed<X>>, Continued, N>;
    IsInline: [B, T, X, N] X, Inline<B, Result<T, Failed<X>>, ContinuedDebug, N>, Inline<B, Result<T, Failed<X>>, ContinuedDebug, N>;
}

macro_rules! output_of {
    ($([$($param:ident),*] $output:ty, $raw:ty, $how:ty;)*) => {$(
        impl<B, N, P, E, $($param),*> Check<IsInline<Inline<B, $raw, $how, N>, P, E>, Inline<B, $raw, $how, N>> {
            /// Where it is judged whether the output can be sent between threads.
            pub fn output(&self) -> Spot<($output,)> {
                Spot::new()
            }
        }
    )*};
}

output_of! {
    [T] T, T, Plain;
    [T] T, T, PlainDebug;
    [T, X] T, Result<T, X>, Tried;
    [T, X] T, Result<T, X>, TriedDebug;
    [T, X] T, Result<T, Failed<X>>, Continued;
    [T, X] T, Result<T, Failed<X>>, ContinuedDebug;
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

/// A generic task does not take these arguments, or what a closure gives cannot be sent between threads. That has been reported, and
/// there is nothing to add.
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
    pub use super::{
        CanBeEmbedded, CanBeGiven, CanBeInput, CanBeKept, CanBeMovedIn, CanBeOwned, CanBeShared,
        CanBeTheErrorType, GivesAWait, GivesOneType, RunsABody, SaysYesOrNo,
    };
    pub use crate::build::feed::CanBeCloned;
    pub use crate::build::items::{HasItems, StreamsItems};
    pub use crate::build::no_task::IsATask;
    pub use crate::build::rounds::{BeginsARound, EndsARound};
    pub use crate::build::same::GivesTheSame;
    pub use crate::build::slot::{
        EntersInto, FlowsInto, GoesOnWith, IteratesInto, SeveralArguments, StartsWith,
    };
    pub use crate::leaf::{AgreesWith, Annotation, Braces, EntersThem, NamesWhat};
    pub use crate::policy::CanBeHandedOut;
    pub use crate::task::{IntoBoxError, IntoFailure, Task};
}

/// All traits that a check may be passed by, without a name.
pub mod methods {
    pub use super::{
        AskedWanted as _, ControlWanted as _, DuplicateWanted as _, ErrorWanted as _, FailureWanted as _,
        HandedWanted as _, InputWanted as _, ItemsWanted as _, KeptWanted as _, Known as _,
        NextRoundWanted as _, OneWanted as _, OwnedWanted as _, PolicyWanted as _, PredicateWanted as _,
        Reported as _, RunWanted as _, SameWanted as _, SharedWanted as _, StreamWanted as _,
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
pub trait CanBeKept {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> CanBeKept for T {}

/// A value that a pipeline can own.
#[diagnostic::on_unimplemented(
    message = "what the header owns is shared between threads, which `{Self}` cannot be",
    label = "is of the type `{Self}`, which is not `Send + Sync`",
    note = "a pipeline may run several times at once, on several threads; use a `Mutex` or an atomic"
)]
#[doc(hidden)]
pub trait CanBeOwned {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> CanBeOwned for T {}

/// A value that several runs see.
#[diagnostic::on_unimplemented(
    message = "a policy is shared by all runs of the pipeline, on several threads, which `{Self}` cannot be",
    label = "is of the type `{Self}`, which is not `Send + Sync`",
    note = "what a policy holds is behind a `Mutex`, an atomic or an `Arc`, and not in a `Cell` or an `Rc`"
)]
#[doc(hidden)]
pub trait CanBeShared {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync> CanBeShared for T {}

/// What a closure has captured by value.
///
/// Of a reference that it captures both `Send` and `Sync` say that its value is to be `Sync`, which is one error. Of a value they say two
/// things, and of an `Rc` that would be two errors. So this is one condition.
#[derive(Debug)]
pub struct Captured<F>(PhantomData<fn() -> F>);

/// Where it is judged whether what `closure` has captured can be shared.
pub fn captured<F>(_closure: &F) -> Spot<(Captured<F>,)> {
    Spot::new()
}

/// What is captured by value can be shared by all runs.
#[diagnostic::on_unimplemented(
    message = "what is moved into a pipeline is shared between threads, and a value that is captured here cannot be",
    label = "captures a value that is not `Send + Sync`",
    note = "for an `Rc` use an `Arc`, for a `Cell` or a `RefCell` an atomic or a `Mutex`: a pipeline may run several times at once"
)]
#[doc(hidden)]
pub trait CanBeMovedIn {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<F: Send + Sync> CanBeMovedIn for Captured<F> {}

/// A value that a step can give.
#[diagnostic::on_unimplemented(
    message = "what a step gives is sent between threads, which `{Self}` cannot be",
    label = "gives `{Self}`, which is not `Send`",
    note = "`Arc` is for an `Rc`; what the step keeps to itself may be anything, as long as it awaits nothing meanwhile"
)]
#[doc(hidden)]
pub trait CanBeGiven {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> CanBeGiven for T {}

/// A value that a run can be given.
#[diagnostic::on_unimplemented(
    message = "the input of a pipeline is sent between threads, which `{Self}` cannot be",
    label = "not `Send`"
)]
#[doc(hidden)]
pub trait CanBeInput {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> CanBeInput for T {}

/// As [`Failure`], whose implementations would be listed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error type of a pipeline",
    label = "does not implement `std::error::Error + Send + Sync`",
    note = "without `error = …;` a pipeline takes the errors of all types, `anyhow::Error` and `Box<dyn Error + Send + Sync>` \
            among them, as `BoxError`, which `?` turns into any of them"
)]
#[doc(hidden)]
pub trait CanBeTheErrorType {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Failure> CanBeTheErrorType for T {}

/// As [`Run`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a pipeline",
    label = "not a pipeline, nor a reference, `Box` or `Arc` of one",
    note = "a value is piped by an inline step: `|_| {{ … }}`"
)]
#[doc(hidden)]
pub trait CanBeEmbedded {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Run> CanBeEmbedded for T {}

/// As [`Policy`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no policy for a body that gives `{Out}` and fails with `Error<{E}>`",
    label = "does not implement `Policy<{Out}, {E}>`",
    note = "`with(policy) < … >` takes a value of a type that implements `async_orch::Policy`, a reference to one, or an `Arc` of one",
    note = "one for bodies of every type: `impl<T: Send, E: Failure> Policy<T, E> for …`; of a layer of tower's, with the feature `tower`: `tower(layer)`, or `tower_again(layer)` if it calls more than once"
)]
#[doc(hidden)]
pub trait RunsABody<Out, E, Runs> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, Out, E, Runs)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Policy<Out, E, Runs>, Out, E, Runs> RunsABody<Out, E, Runs> for T {}

/// The type that the first of several peers gives, of which only one's output is used.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the steps of this block give one type, but this one gives `{Self}`, and the first gives `{First}`",
    label = "gives `{Self}`, not `{First}`",
    note = "make one type of them, by a step inside: `seq < fetch |page| {{ page.to_string() }} >`"
)]
pub trait GivesOneType<First> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, First)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T, First> GivesOneType<First> for T where Same: Are<T, First> {}

/// What says yes or no about an error.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no closure over a reference to the error that gives a `bool`",
    label = "expected a closure, `|e| …`, or a function",
    note = "its parameter is a `&Error<{E}>`"
)]
pub trait SaysYesOrNo<E> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, E)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<E, T: Fn(&Error<E>) -> bool> SaysYesOrNo<E> for T {}

/// What gives the wait that an error asks for.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no closure over a reference to the error that gives an `Option<Duration>`",
    label = "expected a closure, `|e| …`, or a function",
    note = "its parameter is a `&Error<{E}>`"
)]
pub trait GivesAWait<E> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, E)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<E, T: Fn(&Error<E>) -> Option<Duration>> GivesAWait<E> for T {}

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
