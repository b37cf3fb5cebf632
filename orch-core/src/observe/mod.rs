//! Who watches a run, as a type.
//!
//! [`Off`] is nothing: its guards are `()`, so that a run over [`NoBus`](crate::bus::NoBus) has neither the
//! code nor the space of an event. [`On`] emits to a bus.
//!
//! Each execution of a step holds a guard while it lasts. The guard is the last field of the step's future, so
//! that it is dropped after the steps inside, and makes sure that there is exactly one terminal event. What is dropped
//! has been cancelled, unless a panic was seen on its way out of the guard's own poll.

mod off;
mod on;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::fmt;
use std::time::Duration;

pub use off::Off;
pub use on::{Guard, On, Queued, RunState};

use crate::error::{Error, Failure};
use crate::event::CircuitEvent;
use crate::node::{Meta, Origin};

/// What a step tells of itself, and from which execution.
pub trait Observer: Copy + Send + Sync {
    /// Held while an execution lasts.
    type Guard: Send;
    /// Held while a start waits.
    type Queued: Send;

    /// A task or inline step starts.
    fn task(self, meta: &'static Meta) -> Self::Guard;

    /// A block starts; what runs inside it is watched from the observer returned.
    fn block(self, meta: &'static Meta) -> (Self, Self::Guard);

    /// A start waits.
    fn queue(self, meta: &'static Meta) -> Self::Queued;

    /// The start that waited is due: the next step to start from the observer returned is it.
    fn dequeue(self, queued: Self::Queued) -> Self;

    /// What follows belongs to attempt `attempt`.
    fn attempt(self, attempt: u32) -> Self;

    /// What follows belongs to item `item`.
    fn item(self, item: u64) -> Self;

    /// What follows belongs to the pipeline embedded at `meta`.
    fn embed(self, meta: &'static Meta) -> Self;

    /// Polls inside the execution of a block, or calls the user's code for it. A panic makes the execution fail when the
    /// guard is dropped, after the steps inside.
    fn poll<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T;

    /// Polls a task. A panic makes the execution fail at once.
    fn poll_task<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T;

    /// The execution gave its output.
    fn succeed<T: Any>(guard: &mut Self::Guard, output: &T, debug: fn(&T) -> Option<&dyn fmt::Debug>);

    /// The execution of a block gave its output.
    fn succeed_block(guard: &mut Self::Guard);

    /// The execution failed.
    fn fail<E: Failure>(guard: &mut Self::Guard, error: &Error<E>);

    /// The execution of a `retry` will run its body again.
    fn retrying(guard: &Self::Guard, failed: Origin, attempt: u32, delay: Duration);

    /// A circuit changed or rejected.
    fn circuit(guard: &Self::Guard, event: impl FnOnce() -> CircuitEvent);
}

/// Finishes the execution of a block with its result.
#[inline(always)]
pub(crate) fn finish_block<O: Observer, T, E: Failure>(guard: &mut O::Guard, result: &Result<T, Error<E>>) {
    match result {
        Ok(_) => O::succeed_block(guard),
        Err(error) => O::fail(guard, error),
    }
}
