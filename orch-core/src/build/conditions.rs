//! What a [check](super::check) asks of a type, where no other file is about that: each with the error that it is, in words of the user's.
//!
//! Each is a trait of this crate for what one of another's, or several, say. Those would be named by an error, with a list of who
//! implements them.

use std::marker::PhantomData;
use std::time::Duration;

use crate::build::same::{Are, Same};
use crate::build::spot::Spot;
use crate::error::{Error, Failure};
use crate::pipeline::Run;
use crate::policy::Policy;

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

/// The future that an inline step gives.
#[derive(Debug)]
pub struct AFuture<F>(PhantomData<fn() -> F>);

/// What is more than a future.
#[doc(hidden)]
pub trait Awaited {}

impl Awaited for () {}

/// Makes conditions: each a trait that says in words of the user's what is wrong, with the function that a check calls, and what it holds
/// for: `Name[T, Param] for Type { bounds }`, of a `T` that is judged and the types that the error tells beside it.
macro_rules! conditions {
    ($($(#[$meta:meta])* $name:ident[$judged:ident $(, $param:ident)*] for $type:ty { $($bounds:tt)* })*) => {$(
        $(#[$meta])*
        #[doc(hidden)]
        pub trait $name<$($param),*> {
            /// Asks for it.
            fn __orch_holds(_spot: Spot<(Self, $($param),*)>)
            where
                Self: Sized,
            {
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$judged $(, $param)*> $name<$($param),*> for $type where $($bounds)* {}
    )*};
}

conditions! {
    /// A value that can be kept while later steps run, and look at it.
    #[diagnostic::on_unimplemented(
        message = "a value with a name is seen by steps on other threads, and `{Self}` cannot be",
        label = "gives `{Self}`, which is not `Sync`",
        note = "put it into a `Mutex`, or pipe it into the next step without a name; what `collect` keeps is as good as named; a type parameter is bounded, `Send + Sync + 'static`"
    )]
    CanBeKept[T] for T { T: Send + Sync + 'static }

    /// A value that a pipeline can own.
    #[diagnostic::on_unimplemented(
        message = "what the header owns is shared between threads, which `{Self}` cannot be",
        label = "is of the type `{Self}`, which is not `Send + Sync`",
        note = "a pipeline may run several times at once, on several threads; use a `Mutex` or an atomic"
    )]
    CanBeOwned[T] for T { T: Send + Sync + 'static }

    /// A value that several runs see.
    #[diagnostic::on_unimplemented(
        message = "a policy is shared by all runs of the pipeline, on several threads, which `{Self}` cannot be",
        label = "is of the type `{Self}`, which is not `Send + Sync`",
        note = "what a policy holds is behind a `Mutex`, an atomic or an `Arc`, and not in a `Cell` or an `Rc`"
    )]
    CanBeShared[T] for T { T: Send + Sync }

    /// What is captured by value can be shared by all runs.
    #[diagnostic::on_unimplemented(
        message = "what is moved into a pipeline is shared between threads, and a value that is captured here cannot be",
        label = "captures a value that is not `Send + Sync`",
        note = "for an `Rc` use an `Arc`, for a `Cell` or a `RefCell` an atomic or a `Mutex`: a pipeline may run several times at once"
    )]
    CanBeMovedIn[F] for Captured<F> { F: Send + Sync }

    /// What an inline step gives is more than a future as `async` makes it: of that nothing has run, and what follows would take it for the
    /// work.
    #[diagnostic::on_unimplemented(
        message = "this step gives a future that nobody awaits",
        label = "gives a future, of which nothing has run",
        note = "await it, `async |x| {{ ….await }}`, or write the task as the step, `fetch`; to hand a future on, box or spawn it"
    )]
    IsAwaited[T] for T { T: Awaited }

    /// A value that a step can give.
    #[diagnostic::on_unimplemented(
        message = "what a step gives is sent between threads, which `{Self}` cannot be",
        label = "gives `{Self}`, which is not `Send`",
        note = "`Arc` is for an `Rc`; what the step keeps to itself may be anything, as long as it awaits nothing meanwhile; a type parameter is bounded, `Send + 'static`"
    )]
    CanBeGiven[T] for T { T: Send + 'static }

    /// An error that a task can fail with.
    #[diagnostic::on_unimplemented(
        message = "the error of a task is sent between threads, which `{Self}` cannot be",
        label = "can fail with `{Self}`, which is not `Send`",
        note = "a `Box<dyn Error>` needs `+ Send + Sync`; `Arc` is for an `Rc`; a type parameter is bounded, `Send + 'static`"
    )]
    CanBeFailedWith[T] for T { T: Send + 'static }

    /// A value that a run can be given.
    #[diagnostic::on_unimplemented(
        message = "the input of a pipeline is sent between threads, which `{Self}` cannot be",
        label = "not `Send`",
        note = "`Arc` is for an `Rc`, a `Mutex` or an atomic for a `Cell`; a type parameter is bounded, `Send + 'static`"
    )]
    CanBeInput[T] for T { T: Send + 'static }

    /// As [`Failure`], whose implementations would be listed.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be the error type of a pipeline",
        label = "does not implement `std::error::Error + Send + Sync`",
        note = "without `error = …;` a pipeline takes the errors of all types, `anyhow::Error` and `Box<dyn Error + Send + Sync>` \
                among them, as `BoxError`, which `?` turns into any of them"
    )]
    CanBeTheErrorType[T] for T { T: Failure }

    /// As [`Run`].
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a pipeline",
        label = "not a pipeline, nor a reference, `Box` or `Arc` of one",
        note = "a value is piped by an inline step: `|_| {{ … }}`"
    )]
    CanBeEmbedded[T] for T { T: Run }

    /// As [`Policy`].
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no policy for a body that gives `{Out}` and fails with `Error<{E}>`",
        label = "does not implement `Policy<{Out}, {E}>`",
        note = "`with(policy) < … >` takes a value of a type that implements `async_orch::Policy`, a reference to one, or an `Arc` of one",
        note = "one for bodies of every type: `impl<T: Send, E: Failure> Policy<T, E> for …`; of a layer of tower's, with the feature `tower`: `tower(layer)`, or `tower_again(layer)` if it calls more than once"
    )]
    RunsABody[T, Out, E, Runs] for T { T: Policy<Out, E, Runs> }

    /// The type that the first of several peers gives, of which only one's output is used.
    #[diagnostic::on_unimplemented(
        message = "the steps of this block give one type, but this one gives `{Self}`, and the first gives `{First}`",
        label = "gives `{Self}`, not `{First}`",
        note = "make one type of them, by a step inside: `seq < fetch |page| {{ page.to_string() }} >`"
    )]
    GivesOneType[T, First] for T { Same: Are<T, First> }

    /// What says yes or no about an error.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no closure over a reference to the error that gives a `bool`",
        label = "expected a closure, `|e| …`, or a function",
        note = "its parameter is a `&Error<{E}>`"
    )]
    SaysYesOrNo[T, E] for T { T: Fn(&Error<E>) -> bool }

    /// What gives the wait that an error asks for.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no closure over a reference to the error that gives an `Option<Duration>`",
        label = "expected a closure, `|e| …`, or a function",
        note = "its parameter is a `&Error<{E}>`"
    )]
    GivesAWait[T, E] for T { T: Fn(&Error<E>) -> Option<Duration> }
}
