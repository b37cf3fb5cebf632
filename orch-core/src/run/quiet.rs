//! Nothing, for the runs on tokio that nobody watches.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::cx::Decision;
use super::state::Id;
use super::{Coords, Cx, Full, Here, Inside, Lend, Queued};
use crate::error::{Error, ErrorKind, Failure};
use crate::event::Told;
use crate::node::{Meta, Origin};
use crate::runtime::{BoxFuture, Gatekeeper, Local, Report};
use crate::task::Task;

/// Nobody watches, and the world is tokio's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet;

impl Here for Quiet {
    type Cx = Quiet;
    type TaskGuard = ();
    type Started = ();

    #[inline(always)]
    fn cx(self) -> Quiet {
        self
    }

    #[inline(always)]
    fn coords(self) -> Coords {
        Coords::default()
    }

    #[inline(always)]
    fn embed(self, _meta: &'static Meta) -> Quiet {
        self
    }

    #[inline(always)]
    fn inside<'e>(self, _id: Option<Id>, _origin: Origin) -> Option<Inside<'e>>
    where
        Self: 'e,
    {
        None
    }

    #[inline(always)]
    fn fingerprint<T: Task<A>, A>(self, _args: &A) -> Option<u64> {
        None
    }

    #[inline(always)]
    fn execute<T: Task<A, Out: Send, Error: Send>, A>(
        self,
        _id: Option<Id>,
        _origin: Origin,
        args: A,
        _fingerprint: Option<u64>,
    ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send {
        T::call(args, None)
    }

    #[inline(always)]
    fn task<T>(self, _meta: &'static Meta, make: impl FnOnce(Option<Id>) -> T) -> (T, ()) {
        (make(None), ())
    }

    #[inline(always)]
    fn hold(self, (): ()) {}

    #[inline(always)]
    fn block(self, _meta: &'static Meta) -> (Self, ()) {
        (self, ())
    }

    #[inline(always)]
    fn block_that_counts(self, _meta: &'static Meta) -> (Self, ()) {
        (self, ())
    }

    #[inline(always)]
    fn execution((): &()) -> Option<Id> {
        None
    }

    #[inline(always)]
    fn poll_task<T, X>((): &mut (), poll: impl FnOnce() -> Poll<Result<T, X>>) -> Poll<Result<T, X>> {
        poll()
    }

    #[inline(always)]
    fn succeed_task<T: Any>((): &mut (), _output: &T, _debug: fn(&T) -> Option<&dyn fmt::Debug>) {}

    #[inline(always)]
    fn fail_task<E: Failure>((): &mut (), _error: &Error<E>) {}
}

impl Lend<'_> for Quiet {
    type Lent = Quiet;
    type Next = Quiet;

    #[inline(always)]
    fn lend(&self) -> Quiet {
        Quiet
    }

    #[inline(always)]
    fn lend_next(&self) -> Quiet {
        Quiet
    }
}

impl Cx for Quiet {
    type Guard = ();
    type Queued = ();
    type Memo = ();
    type Kept<E: Failure> = Error<E>;

    #[inline(always)]
    fn attempt(self, _attempt: u32) -> Self {
        self
    }

    #[inline(always)]
    fn attempt_beside(self, _attempt: u32) -> Self {
        self
    }

    #[inline(always)]
    fn after<E: Failure>(self, (): &mut (), _error: Error<E>) -> Self {
        self
    }

    #[inline(always)]
    fn after_kept<E: Failure>(self, (): &mut (), error: Error<E>) -> (Self, Error<E>) {
        (self, error)
    }

    #[inline(always)]
    fn give_back<E: Failure>(kept: Error<E>) -> Option<Error<E>> {
        Some(kept)
    }

    #[inline(always)]
    fn item(self, _item: u64) -> Self {
        self
    }

    #[inline(always)]
    fn round(self, _round: u32) -> Self {
        self
    }

    #[inline(always)]
    fn at(self, _coords: Coords) -> Self {
        self
    }

    #[inline(always)]
    fn within(self, _duration: Duration) -> Self {
        self
    }

    #[inline(always)]
    fn admit(self, _meta: &'static Meta, _gatekeeper: Gatekeeper<'_>) -> Option<Decision> {
        None
    }

    fn arrive<'a, T: Send + 'a>(
        self,
        _meta: &'static Meta,
        _gatekeeper: Gatekeeper<'a>,
        asks: impl Future<Output = Result<T, ErrorKind<Infallible>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<Option<T>, ErrorKind<Infallible>>> {
        Box::pin(async { asks.await.map(Some) })
    }

    #[inline(always)]
    fn admitted(
        self,
        _meta: &'static Meta,
        _gatekeeper: Gatekeeper<'_>,
        _answer: impl FnOnce() -> Result<(), ErrorKind<Infallible>>,
    ) {
    }

    #[inline(always)]
    fn reports(
        self,
        _meta: &'static Meta,
        _gatekeeper: Gatekeeper<'_>,
        _report: impl FnOnce() -> Report,
    ) -> bool {
        true
    }

    #[inline(always)]
    fn is_replaying(self) -> bool {
        false
    }

    #[inline]
    fn sleep(self, duration: Duration, of: Option<Origin>) -> impl Future<Output = ()> + Send {
        Local::timer(duration, of)
    }

    #[inline]
    fn now(self) -> Instant {
        Local::time()
    }

    #[inline]
    fn random(self) -> u64 {
        fastrand::u64(..)
    }

    #[inline]
    fn poll_proceed(self, cx: &mut Context<'_>) -> Poll<()> {
        Local::proceed(cx)
    }

    #[inline]
    fn has_budget(self) -> bool {
        tokio::task::coop::has_budget_remaining()
    }

    fn yield_now(self, waker: &Waker) {
        Local::give_way(waker);
    }

    #[inline(always)]
    fn counted((): &mut (), _items: impl FnOnce() -> Option<u64>) {}

    #[inline(always)]
    fn queue(self, _meta: &'static Meta) {}

    #[inline(always)]
    fn dequeue(self, (): ()) -> Self {
        self
    }

    #[inline(always)]
    fn poll<T>((): &mut (), poll: impl FnOnce() -> T) -> T {
        poll()
    }

    #[inline(always)]
    fn succeed_block((): &mut ()) {}

    #[inline(always)]
    fn skip_block((): &mut ()) {}

    #[inline(always)]
    fn fail<E: Failure>((): &mut (), _error: &Error<E>) {}

    #[inline(always)]
    fn tell<T: Told>((): &(), _told: impl FnOnce() -> T) {}

    #[inline(always)]
    fn full<'a>(self) -> Option<Full<'a>>
    where
        Self: 'a,
    {
        None
    }

    #[inline(always)]
    fn queue_full(self, _queue: impl for<'a> FnOnce(Full<'a>) -> Queued<'a>) {}
}
