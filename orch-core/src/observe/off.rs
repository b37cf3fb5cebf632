//! Nothing, for the runs that nobody watches.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use super::Observer;
use crate::error::{Error, Failure};
use crate::event::CircuitEvent;
use crate::node::{Meta, Origin};

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Off;

impl Observer for Off {
    type Guard = ();
    type Queued = ();

    #[inline(always)]
    fn task(self, _meta: &'static Meta) {}

    #[inline(always)]
    fn block(self, _meta: &'static Meta) -> (Self, ()) {
        (self, ())
    }

    #[inline(always)]
    fn queue(self, _meta: &'static Meta) {}

    #[inline(always)]
    fn dequeue(self, (): ()) -> Self {
        self
    }

    #[inline(always)]
    fn attempt(self, _attempt: u32) -> Self {
        self
    }

    #[inline(always)]
    fn item(self, _item: u64) -> Self {
        self
    }

    #[inline(always)]
    fn embed(self, _meta: &'static Meta) -> Self {
        self
    }

    #[inline(always)]
    fn poll<T>((): &mut (), poll: impl FnOnce() -> T) -> T {
        poll()
    }

    #[inline(always)]
    fn poll_task<T>((): &mut (), poll: impl FnOnce() -> T) -> T {
        poll()
    }

    #[inline(always)]
    fn succeed<T: Any>((): &mut (), _output: &T, _debug: fn(&T) -> Option<&dyn fmt::Debug>) {}

    #[inline(always)]
    fn succeed_block((): &mut ()) {}

    #[inline(always)]
    fn fail<E: Failure>((): &mut (), _error: &Error<E>) {}

    #[inline(always)]
    fn retrying((): &(), _failed: Origin, _attempt: u32, _delay: Duration) {}

    #[inline(always)]
    fn circuit((): &(), _event: impl FnOnce() -> CircuitEvent) {}
}
