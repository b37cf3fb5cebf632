//! Where a piped value meets a parameter, and what is said if it does not fit.
//!
//! The value could be handed to the function as it is, and a value that does not fit would be an ordinary "mismatched
//! types". A slot knows the parameter's type and the task's name, so the error can say between which steps. It is
//! reported inside of the leaf's closure, where an error has no consequences. The traits differ in where the value comes
//! from, which the macro knows: each holds for every task where the two types are one, so that either tells the other.

use std::fmt;
use std::marker::PhantomData;

use crate::task::Call;

/// Where a task of one parameter takes the piped value, of the type `Takes`.
pub struct Slot<Task, Takes, Args>(Marker<(Task, Takes, Args)>);

/// Where a task without parameters takes the piped value: it drops it.
pub struct NoSlot<Task, Args>(Marker<(Task, Args)>);

/// A task of several parameters, of which a piped value is only one.
pub struct Slots<Task, Args>(Marker<(Task, Args)>);

/// The `_` in the arguments of a task, for a parameter of the type `Takes`.
pub struct Hole<Task, Takes>(Marker<(Task, Takes)>);

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

/// A piped value of the type `Given` can be an argument, of the type `Takes`, of this task.
#[diagnostic::on_unimplemented(
    message = "step `{Self}` takes `{Takes}`, but the step before it gives `{Given}`",
    label = "takes `{Takes}`, given `{Given}`"
)]
// It holds for types of every crate, as do the others here that are hidden: shown, they would stand in the documentation of
// each of them.
#[doc(hidden)]
pub trait FlowsInto<Given, Takes> {
    /// The value itself.
    fn flow(value: Given) -> Takes;
}

/// As [`FlowsInto`], of the input of the pipeline.
#[diagnostic::on_unimplemented(
    message = "step `{Self}` takes `{Takes}`, but the input of the pipeline is `{Given}`",
    label = "takes `{Takes}`, given `{Given}`",
    note = "the header declares the input: `|_: {Takes}|`"
)]
#[doc(hidden)]
pub trait EntersInto<Given, Takes> {
    /// The value itself.
    fn flow(value: Given) -> Takes;
}

/// As [`FlowsInto`], of nothing: the pipeline has no input.
#[diagnostic::on_unimplemented(
    message = "step `{Self}` takes `{Takes}`, but the pipeline has no input",
    label = "takes `{Takes}`, given nothing",
    note = "declare the input in the header, `|_: {Takes}|`, or write the argument: `{Self}(…)`"
)]
#[doc(hidden)]
pub trait StartsWith<Given, Takes> {
    /// The value itself.
    fn flow(value: Given) -> Takes;
}

/// As [`FlowsInto`], of nothing: the value before has a name.
#[diagnostic::on_unimplemented(
    message = "step `{Self}` takes `{Takes}`, but nothing is piped into it: what comes before it has a name",
    label = "takes `{Takes}`, given nothing",
    note = "write the argument, `{Self}(name.clone())`"
)]
#[doc(hidden)]
pub trait GoesOnWith<Given, Takes> {
    /// The value itself.
    fn flow(value: Given) -> Takes;
}

/// As [`FlowsInto`], of an item of `each`.
#[diagnostic::on_unimplemented(
    message = "step `{Self}` takes `{Takes}`, but an item of this `each` is `{Given}`",
    label = "takes `{Takes}`, given `{Given}`"
)]
#[doc(hidden)]
pub trait IteratesInto<Given, Takes> {
    /// The value itself.
    fn flow(value: Given) -> Takes;
}

macro_rules! identity {
    ($($name:ident)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, Task> $name<T, T> for Task {
            #[inline(always)]
            fn flow(value: T) -> T {
                value
            }
        }
    )*};
}

identity!(FlowsInto EntersInto StartsWith GoesOnWith IteratesInto);

/// A task with several parameters cannot take the piped value alone.
#[diagnostic::on_unimplemented(
    message = "step `{Task}` takes several arguments, but only one value is piped into it",
    label = "write its arguments: `_` stands for the piped value, as in `{Task}(_, …)`"
)]
pub trait Lonely<Task> {}

macro_rules! sources {
    ($($(#[$doc:meta])* $method:ident $flow:ident ($($bounds:tt)*) ($($lonely:tt)*))*) => {
        impl<Task, Takes, Args: Single<Takes>> Slot<Task, Takes, Args> {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub fn $method<X>(self, value: X) -> Call<Task, Args>
                where
                    $($bounds)*,
                {
                    Call::new(Args::single(<Task as $flow<X, Takes>>::flow(value)))
                }
            )*
        }

        impl<Task, Args: Default> NoSlot<Task, Args> {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub fn $method<X>(self, _value: X) -> Call<Task, Args> {
                    Call::new(Args::default())
                }
            )*
        }

        impl<Task, Args> Slots<Task, Args> {
            $(
                $(#[$doc])*
                pub fn $method<X>(self, _value: X) -> Call<Task, Args>
                where
                    $($lonely)*,
                {
                    unreachable!("nothing implements the bound")
                }
            )*
        }

        impl<Task, Takes> Hole<Task, Takes> {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub fn $method<X>(self, value: X) -> Takes
                where
                    $($bounds)*,
                {
                    <Task as $flow<X, Takes>>::flow(value)
                }
            )*
        }
    };
}

sources! {
    /// Takes what the step before gives.
    step FlowsInto (Task: FlowsInto<X, Takes>) (X: Lonely<Task>)
    /// Takes the input of the pipeline.
    input EntersInto (Task: EntersInto<X, Takes>) (X: Lonely<Task>)
    /// Takes the input of a pipeline that declares none.
    no_input StartsWith (Task: StartsWith<X, Takes>) (X: Lonely<Task>)
    /// Takes what is left when the value before has a name.
    nothing GoesOnWith (Task: GoesOnWith<X, Takes>) (X: Lonely<Task>)
    /// Takes an item of `each`.
    item IteratesInto (Task: IteratesInto<X, Takes>) (X: Lonely<Task>)
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

slot_impls!(Slot<Task, Takes, Args> NoSlot<Task, Args> Slots<Task, Args> Hole<Task, Takes>);
slot_impls!(@default Slot<Task, Takes, Args> NoSlot<Task, Args> Slots<Task, Args>);
