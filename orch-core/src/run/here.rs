//! What a step is handed when it begins.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::task::Poll;

use super::state::Id;
use super::{Coords, Cx, Inside};
use crate::error::{Error, ErrorKind, Failure};
use crate::node::{Meta, Origin};
use crate::task::Task;

/// The run, as a step that begins sees it: the value that a block has for the steps inside it, or what a sequence lends of its own to one
/// step after another, so that it is not copied to each.
pub trait Here: Copy + Send + Sync {
    /// The same to keep.
    type Cx: Cx;
    /// Held while the execution of a task or inline step lasts.
    type TaskGuard: Send;
    /// What that is made of.
    type Started: Send;

    /// The same to keep.
    fn cx(self) -> Self::Cx;

    // ----- where it is -----

    /// The items, attempts, rounds and calls around what begins, as far as they are known.
    fn coords(self) -> Coords;

    /// What follows belongs to the pipeline embedded at `meta`.
    fn embed(self, meta: &'static Meta) -> Self::Cx;

    /// What the step at `origin` is told of its own execution, if it asks.
    fn inside<'e>(self, id: Option<Id>, origin: Origin) -> Option<Inside<'e>>
    where
        Self: 'e;

    // ----- the world -----

    /// What is kept of the arguments of a task, if somebody compares.
    fn fingerprint<T: Task<A>, A>(self, args: &A) -> Option<u64>;

    /// Runs one attempt of the task `T` at `origin`, in the execution `id`.
    fn execute<T: Task<A, Out: Send, Error: Send>, A>(
        self,
        id: Option<Id>,
        origin: Origin,
        args: A,
        fingerprint: Option<u64>,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send;

    // ----- who watches -----

    /// A task or inline step starts, and what it is to be polled with is made in its execution. A panic makes the execution fail at once.
    fn task<T>(self, meta: &'static Meta, make: impl FnOnce(Option<Id>) -> T) -> (T, Self::Started);

    /// What holds the execution from now on.
    fn hold(self, started: Self::Started) -> Self::TaskGuard;

    /// The number of an execution; `None` where nobody counts them.
    fn execution(started: &Self::Started) -> Option<Id>;

    /// Polls a task. A panic makes the execution fail at once.
    fn poll_task<T, X>(
        guard: &mut Self::TaskGuard,
        poll: impl FnOnce() -> Poll<Result<T, X>>,
    ) -> Poll<Result<T, X>>;

    /// The execution of a task gave its output.
    fn succeed_task<T: Any>(
        guard: &mut Self::TaskGuard,
        output: &T,
        debug: fn(&T) -> Option<&dyn fmt::Debug>,
    );

    /// The execution of a task failed.
    fn fail_task<E: Failure>(guard: &mut Self::TaskGuard, error: &Error<E>);

    /// A block starts; the steps inside it get what is returned.
    fn block(self, meta: &'static Meta) -> (Self::Cx, <Self::Cx as Cx>::Guard);

    /// A block starts that counts its items before it tells so.
    fn block_that_counts(self, meta: &'static Meta) -> (Self::Cx, <Self::Cx as Cx>::Guard);
}

/// A run that a sequence lends to its steps, one after another, for as long as each of them lasts.
///
/// A trait of its own for each lifetime: of an associated type with one the compiler could not say that a sequence is `Send`.
pub trait Lend<'e> {
    /// What a step is handed.
    type Lent: Here + 'e;

    /// What a step is handed that follows another at once.
    type Next: Here + 'e;

    /// Lends it.
    fn lend(&'e self) -> Self::Lent;

    /// Lends it to a step that begins where the one before has just ended: nothing but the library and the bus had a turn in between.
    fn lend_next(&'e self) -> Self::Next;
}
