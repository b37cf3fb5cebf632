//! The block `retry`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::policy::Policy;
use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::feed::Again;
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::{Observer, finish_block};
use crate::runtime::Host;
use crate::scope::{At, Point, RefOf};
use crate::step::Step;

/// The block `retry`.
pub struct Retry<B, Bk, D, W, F> {
    pub(super) body: B,
    pub(super) policy: Policy<Bk, D, W>,
    pub(super) feed: F,
    pub(super) meta: &'static Meta,
}

impl<P, E, B, Bk, D, W, F> Step<P, E> for Retry<B, Bk, D, W, F>
where
    P: Point,
    E: Failure,
    F: Again<P::In>,
    B: Step<At<P::Scope, F::Takes>, E>,
    Bk: Send + Sync,
    D: Send + Sync,
    W: Fn(&Error<E>) -> bool + Send + Sync,
{
    type Out = B::Out;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let (obs, guard) = cx.obs.block(self.meta);
        let mut held = Held::<'a, P, _, _, _, _, _, _, _, _, O> {
            step: self,
            scope,
            kept: Some(F::keep(input)),
            delays: None,
            attempt: 0,
            start: |step: &'a Self, scope, input, cx| step.body.run(scope, input, cx),
            sleep: R::sleep,
            cx: cx.under(obs),
            guard,
        };
        let fut = held.start();
        RetryFuture::Running { fut, held }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

/// What lasts from one attempt to the next.
struct Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>
where
    P: Point,
    F: Again<P::In>,
    O: Observer,
{
    step: &'a Retry<B, Bk, D, W, F>,
    scope: RefOf<'a, P>,
    /// The piped value, until the last attempt takes it.
    kept: Option<F::Takes>,
    /// Made for the first failure.
    delays: Option<D>,
    /// The attempt under way, or the one that failed last.
    attempt: u32,
    // Functions without size, as the futures that they give have types without names.
    start: Start,
    sleep: Sleep,
    cx: Cx<R, O>,
    guard: O::Guard,
}

impl<'a, P, B, Bk, D, W, F, Start, Sleep, R, O> Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>
where
    P: Point,
    F: Again<P::In>,
    R: Host,
    O: Observer,
{
    /// Starts the next attempt.
    #[inline(always)]
    fn start<Fut>(&mut self) -> Fut
    where
        Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, Cx<R, O>) -> Fut,
    {
        let (step, cx) = (self.step, self.cx);
        self.attempt = self.attempt.saturating_add(1);
        O::poll(&mut self.guard, || {
            let input = match &self.kept {
                Some(kept) if !step.policy.is_last(self.attempt) => step.feed.again(kept),
                _ => self.kept.take().expect("the last attempt takes the piped value, and no other follows"),
            };
            (self.start)(step, self.scope, input, cx.under(cx.obs.attempt(self.attempt)))
        })
    }

    /// After a failure: how long to wait for the next attempt, or that this was the last one.
    #[cold]
    fn decide<E: Failure>(&mut self, error: &mut Error<E>) -> Option<Duration>
    where
        W: Fn(&Error<E>) -> bool,
    {
        let (policy, rt) = (&self.step.policy, self.cx.rt);
        let delay =
            O::poll(&mut self.guard, || policy.delay(self.attempt, error, &mut self.delays, || rt.random()));
        match delay {
            Some(delay) => O::retrying(&self.guard, error.origin(), self.attempt.saturating_add(1), delay),
            None => error.attempted(self.attempt),
        }
        delay
    }
}

pin_project! {
    #[project = Projected]
    #[project_replace = Replaced]
    enum RetryFuture<Fut, Timer, H> {
        Running {
            #[pin]
            fut: Fut,
            // Last: a block ends after the steps inside it.
            held: H,
        },
        Sleeping {
            #[pin]
            timer: Timer,
            held: H,
        },
        /// The next attempt is due, as soon as it is this task's turn.
        Due { held: H },
        /// On the way from one to another of these.
        Gone,
    }
}

impl<Fut, Timer, H> RetryFuture<Fut, Timer, H> {
    /// Drops what was polled and leaves the place to what comes next.
    fn leave(self: Pin<&mut Self>) -> H {
        match self.project_replace(Self::Gone) {
            Replaced::Running { held, .. } | Replaced::Sleeping { held, .. } | Replaced::Due { held } => held,
            Replaced::Gone => unreachable!("left once, then entered again"),
        }
    }
}

impl<'a, P, E, B, Bk, D, W, F, Start, Sleep, R, O, Fut, Timer, T> Future
    for RetryFuture<Fut, Timer, Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>>
where
    P: Point,
    E: Failure,
    W: Fn(&Error<E>) -> bool,
    F: Again<P::In>,
    Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, Cx<R, O>) -> Fut,
    Sleep: Fn(R, Duration) -> Timer,
    R: Host,
    O: Observer,
    Fut: Future<Output = Result<T, Error<E>>>,
    Timer: Future<Output = ()>,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                Projected::Running { fut, held } => {
                    let mut result = ready!(O::poll(&mut held.guard, || fut.poll(cx)));
                    if let Err(error) = &mut result
                        && let Some(delay) = held.decide(error)
                    {
                        let mut held = self.as_mut().leave();
                        let next = if delay.is_zero() {
                            RetryFuture::Due { held }
                        } else {
                            let timer = O::poll(&mut held.guard, || (held.sleep)(held.cx.rt, delay));
                            RetryFuture::Sleeping { timer, held }
                        };
                        self.set(next);
                        continue;
                    }
                    finish_block::<O, _, _>(&mut held.guard, &result);
                    return Poll::Ready(result);
                }
                Projected::Sleeping { timer, held } => {
                    ready!(O::poll(&mut held.guard, || timer.poll(cx)));
                    let held = self.as_mut().leave();
                    self.set(RetryFuture::Due { held });
                }
                Projected::Due { held } => {
                    ready!(held.cx.rt.poll_proceed(cx));
                    let mut held = self.as_mut().leave();
                    let fut = held.start();
                    self.set(RetryFuture::Running { fut, held });
                }
                Projected::Gone => unreachable!("a future is not polled again after it has panicked"),
            }
        }
    }
}

impl<B, Bk, D, W, F> fmt::Debug for Retry<B, Bk, D, W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}
