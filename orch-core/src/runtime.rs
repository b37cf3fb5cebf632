//! The runtime seam: all that a pipeline asks of the world around it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::ErrorKind;
use crate::node::Origin;
use crate::task::Task;

/// Where a pipeline runs.
///
/// Combinators call tasks, wait and read the time only through this trait, and are otherwise deterministic
/// given the order in which their children finish. So the same pipeline runs on tokio ([`Local`]), under a
/// test's faults, or on another engine: see [`Pipeline::on`](crate::Pipeline::on).
pub trait Runtime: Send + Sync {
    /// Runs one attempt of the task `T`, which stands at `origin` in the pipeline.
    ///
    /// Dropping the future cancels the attempt. A runtime may fail an attempt with any [`ErrorKind`] of its
    /// own without calling the task.
    fn execute<T, A>(
        &self,
        origin: Origin,
        args: A,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send
    where
        T: Task<A>,
        A: Send;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// The time now, on the clock that [`sleep`](Runtime::sleep) follows.
    fn now(&self) -> Instant;

    /// Sixty-four random bits, for jitter.
    fn random(&self) -> u64;

    /// Takes one unit of the scheduler's cooperative budget: `Pending`, with the task woken, when a loop over
    /// children that are always ready should let others run.
    ///
    /// Unless you say otherwise it is tokio's budget, which outside of tokio has no end.
    #[inline]
    fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
        tokio::task::coop::poll_proceed(cx).map(|budget| {
            budget.made_progress();
            // Its drop would give the unit back, and has nothing to do any more.
            std::mem::forget(budget);
        })
    }

    /// Whether any of the scheduler's cooperative budget is left: where it is not, a loop over children that wake each
    /// other lets others run, and a child that has to wait may have been refused what it waits for.
    ///
    /// Unless you say otherwise it is tokio's budget, of which outside of tokio there is always some left.
    #[inline]
    fn has_budget(&self) -> bool {
        tokio::task::coop::has_budget_remaining()
    }

    /// Has a task polled again after others had their turn, as it has more to do but has been at it for long enough.
    ///
    /// Unless you say otherwise that is what [`tokio::task::yield_now`] does: other tasks run before, and timers and
    /// sockets are looked at. Outside of tokio the task is woken at once.
    fn yield_now(&self, waker: &Waker) {
        // What it is asked for is done in its first poll.
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(waker));
    }
}

/// Runs pipelines where they are awaited, on tokio's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local;

impl Runtime for Local {
    #[inline(always)]
    fn execute<T, A>(
        &self,
        _origin: Origin,
        args: A,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send
    where
        T: Task<A>,
        A: Send,
    {
        T::call(args)
    }

    #[inline]
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }

    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}

/// A runtime as the futures of a run hold it: a value to copy, for [`Local`] without size, else a reference.
pub trait Host: Copy + Send + Sync {
    /// [`Runtime::execute`].
    fn execute<T: Task<A>, A: Send>(
        self,
        origin: Origin,
        args: A,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send;

    /// [`Runtime::sleep`].
    fn sleep(self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// [`Runtime::now`].
    fn now(self) -> Instant;

    /// [`Runtime::random`].
    fn random(self) -> u64;

    /// [`Runtime::poll_proceed`].
    fn poll_proceed(self, cx: &mut Context<'_>) -> Poll<()>;

    /// [`Runtime::has_budget`].
    fn has_budget(self) -> bool;

    /// [`Runtime::yield_now`].
    fn yield_now(self, waker: &Waker);
}

impl Host for Local {
    #[inline(always)]
    fn execute<T: Task<A>, A: Send>(
        self,
        _origin: Origin,
        args: A,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send {
        T::call(args)
    }

    #[inline]
    fn sleep(self, duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }

    #[inline]
    fn now(self) -> Instant {
        Runtime::now(&self)
    }

    #[inline]
    fn random(self) -> u64 {
        Runtime::random(&self)
    }

    #[inline]
    fn poll_proceed(self, cx: &mut Context<'_>) -> Poll<()> {
        Runtime::poll_proceed(&self, cx)
    }

    #[inline]
    fn has_budget(self) -> bool {
        Runtime::has_budget(&self)
    }

    fn yield_now(self, waker: &Waker) {
        Runtime::yield_now(&self, waker);
    }
}

impl<R: Runtime> Host for &R {
    fn execute<T: Task<A>, A: Send>(
        self,
        origin: Origin,
        args: A,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send {
        Runtime::execute::<T, A>(self, origin, args)
    }

    fn sleep(self, duration: Duration) -> impl Future<Output = ()> + Send {
        Runtime::sleep(self, duration)
    }

    fn now(self) -> Instant {
        Runtime::now(self)
    }

    fn random(self) -> u64 {
        Runtime::random(self)
    }

    fn poll_proceed(self, cx: &mut Context<'_>) -> Poll<()> {
        Runtime::poll_proceed(self, cx)
    }

    fn has_budget(self) -> bool {
        Runtime::has_budget(self)
    }

    fn yield_now(self, waker: &Waker) {
        Runtime::yield_now(self, waker);
    }
}
