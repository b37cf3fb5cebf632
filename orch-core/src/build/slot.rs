//! Where a piped value meets a parameter, and what is said if it does not fit.
//!
//! The value could be handed to the function as it is, and a value that does not fit would be an ordinary "mismatched
//! types". A slot knows the parameter's type and the task's name, so the error can say between which steps. It is
//! reported inside of the leaf's closure, where an error has no consequences. The traits differ in where the value comes
//! from, which the macro knows: each holds for every task where the two types are one, so that either tells the other. As a
//! check's, the condition is the trait whose function is called, and not a bound.

use std::fmt;
use std::marker::PhantomData;

use crate::build::same::{Are, Same};
use crate::task::Call;

/// Where a task of one parameter takes the piped value, of the type `Takes`.
pub struct Slot<Task, Takes, Args>(Marker<(Task, Takes, Args)>);

/// Where a task without parameters takes the piped value: it drops it.
pub struct NoSlot<Task, Args>(Marker<(Task, Args)>);

/// A task of several parameters, of which a piped value is only one.
pub struct Slots<Task, Args>(Marker<(Task, Args)>);

/// What a message says that such a task takes.
#[derive(Debug)]
pub enum SeveralArguments {}

/// The `_` in the arguments of a task, for a parameter of the type `Takes`.
pub struct Hole<Task, Takes>(Marker<(Task, Takes)>);

/// A piped value of the type `Given` before a parameter of the type `Takes`, and what is made of it there: the call of a task, or the
/// parameter itself.
pub struct Meeting<Task, Given, Takes, Made> {
    value: Given,
    make: fn(Takes) -> Made,
    task: Marker<Task>,
}

type Marker<T> = PhantomData<fn() -> T>;

/// The one argument as the tuple of all.
pub trait Single<Takes> {
    /// The tuple.
    fn single(value: Takes) -> Self;
}

impl<T> Single<T> for (T,) {
    #[inline(always)]
    fn single(value: T) -> Self {
        (value,)
    }
}

// The first is the marker of a generic task.
impl<M, T> Single<T> for (PhantomData<M>, T) {
    #[inline(always)]
    fn single(value: T) -> Self {
        (PhantomData, value)
    }
}

/// Makes a condition of each, and what it holds for.
macro_rules! flows {
    ($($(#[$meta:meta])* $name:ident)*) => {$(
        $(#[$meta])*
        // It holds for types of every crate: shown, it would stand in the documentation of each of them.
        #[doc(hidden)]
        pub trait $name<Given, Takes> {
            /// The value itself.
            fn same(value: Given) -> Takes;

            /// What is made of it.
            #[inline(always)]
            fn flow<Made>(meeting: Meeting<Self, Given, Takes, Made>) -> Made
            where
                Self: Sized,
            {
                (meeting.make)(Self::same(meeting.value))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Given, Takes, Task> $name<Given, Takes> for Task
        where
            Same: Are<Given, Takes>,
        {
            #[inline(always)]
            fn same(value: Given) -> Takes {
                Same::one(value)
            }
        }
    )*};
}

flows! {
    /// A piped value of the type `Given` can be an argument, of the type `Takes`, of this task.
    #[diagnostic::on_unimplemented(
        message = "step `{Self}` takes `{Takes}`, but the step before it gives `{Given}`",
        label = "takes `{Takes}`, given `{Given}`",
        note = "put a step between them, `|x| {{ … }}`, or write the arguments, `{Self}(…)`, where `_` is what is piped"
    )]
    FlowsInto

    /// As [`FlowsInto`], of what an inline step gives.
    #[diagnostic::on_unimplemented(
        message = "step `{Self}` takes `{Takes}`, but the inline step before it gives `{Given}`",
        label = "takes `{Takes}`, given `{Given}`",
        note = "put a step between them, `|x| {{ … }}`, or write the arguments, `{Self}(…)`, where `_` is what is piped; with a `;` at its end a step gives `()`"
    )]
    GoesInto

    /// As [`FlowsInto`], of the input of the pipeline.
    #[diagnostic::on_unimplemented(
        message = "step `{Self}` takes `{Takes}`, but the input of the pipeline is `{Given}`",
        label = "takes `{Takes}`, given `{Given}`",
        note = "the header declares the input, `|_: {Takes}|`; several arguments are written, `{Self}(_, …)`"
    )]
    EntersInto

    /// As [`FlowsInto`], of nothing: the pipeline has no input.
    #[diagnostic::on_unimplemented(
        message = "step `{Self}` takes `{Takes}`, but the pipeline has no input",
        label = "takes `{Takes}`, given nothing",
        note = "declare the input in the header, `|_: {Takes}|`, or write the argument: `{Self}(…)`"
    )]
    StartsWith

    /// As [`FlowsInto`], of nothing: the value before has a name.
    #[diagnostic::on_unimplemented(
        message = "step `{Self}` takes `{Takes}`, but nothing is piped into it: what comes before it has a name",
        label = "takes `{Takes}`, given nothing",
        note = "write the argument, `{Self}(name.clone())`"
    )]
    GoesOnWith

    /// As [`FlowsInto`], of an item of `each`.
    #[diagnostic::on_unimplemented(
        message = "step `{Self}` takes `{Takes}`, but an item of this `each` is `{Given}`",
        label = "takes `{Takes}`, given `{Given}`",
        note = "put a step before it, `|x| {{ … }}`, or write the arguments, `{Self}(…)`, where `_` is the item"
    )]
    IteratesInto
}

impl<Task, Takes, Args: Single<Takes>> Slot<Task, Takes, Args> {
    /// The piped value, before it is known to fit.
    #[inline(always)]
    pub fn meets<Given>(self, value: Given) -> Meeting<Task, Given, Takes, Call<Task, Args>> {
        Meeting { value, make: |value| Call::new(Args::single(value)), task: PhantomData }
    }
}

impl<Task, Args: Default> NoSlot<Task, Args> {
    /// Nothing, which always fits: the value is dropped.
    #[inline(always)]
    pub fn meets<Given>(self, _value: Given) -> Meeting<Task, (), (), Call<Task, Args>> {
        Meeting { value: (), make: |()| Call::new(Args::default()), task: PhantomData }
    }
}

impl<Task, Args> Slots<Task, Args> {
    /// The piped value, which does not fit.
    pub fn meets<Given>(self, value: Given) -> Meeting<Task, Given, SeveralArguments, Call<Task, Args>> {
        Meeting { value, make: |none| match none {}, task: PhantomData }
    }
}

impl<Task, Takes> Hole<Task, Takes> {
    /// The piped value, before it is known to fit.
    #[inline(always)]
    pub fn meets<Given>(self, value: Given) -> Meeting<Task, Given, Takes, Takes> {
        Meeting { value, make: |value| value, task: PhantomData }
    }
}

impl<Task, Takes, Args> Slot<Task, Takes, Args> {
    /// The slot.
    #[inline(always)]
    pub fn new() -> Self {
        Slot(PhantomData)
    }
}

impl<Task, Args> NoSlot<Task, Args> {
    /// The slot.
    #[inline(always)]
    pub fn new() -> Self {
        NoSlot(PhantomData)
    }
}

impl<Task, Args> Slots<Task, Args> {
    /// The slot.
    #[inline(always)]
    pub fn new() -> Self {
        Slots(PhantomData)
    }
}

/// The hole in the arguments of `Task`.
#[inline(always)]
pub fn hole<Task, Takes>() -> Hole<Task, Takes> {
    Hole(PhantomData)
}

impl<Task, Takes> Hole<Task, Takes> {
    /// Never called. As the branch of an `if` that stands for an argument it tells what the parameter takes, before
    /// the other branch hands the value over.
    pub fn parameter(self) -> Takes {
        unreachable!("the branch is for the types only")
    }
}

macro_rules! slot_impls {
    ($($name:ident<$($param:ident),*>)*) => {$(
        impl<$($param),*> fmt::Debug for $name<$($param),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
    (@default $($name:ident<$($param:ident),*>)*) => {$(
        impl<$($param),*> Default for $name<$($param),*> {
            fn default() -> Self {
                $name::new()
            }
        }
    )*};
}

slot_impls!(Slot<Task, Takes, Args> NoSlot<Task, Args> Slots<Task, Args> Hole<Task, Takes> Meeting<Task, Given, Takes, Made>);
slot_impls!(@default Slot<Task, Takes, Args> NoSlot<Task, Args> Slots<Task, Args>);
