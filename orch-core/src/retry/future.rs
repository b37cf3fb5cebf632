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
use crate::observe::Observer;
use crate::ready::{Turn, repeats};
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
            start: |step: &'a Self, scope, input, cx| step.body.run(scope, input, cx),
            sleep: R::sleep,
            cx: cx.under(obs),
            guard,
        };
        let (fut, kept) = held.start(F::keep(input), 1);
        RetryFuture::First { fut, kept, held }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

/// What lasts as long as the block.
struct Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>
where
    P: Point,
    O: Observer,
{
    step: &'a Retry<B, Bk, D, W, F>,
    scope: RefOf<'a, P>,
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
    /// Starts an attempt with the piped value. If it may not be the last, that is a clone of it, and the value comes back.
    #[inline(always)]
    fn start<Fut>(&mut self, kept: F::Takes, attempt: u32) -> (Fut, Option<F::Takes>)
    where
        Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, Cx<R, O>) -> Fut,
    {
        let (step, cx) = (self.step, self.cx);
        O::poll(&mut self.guard, || {
            let (input, kept) = if step.policy.is_last(attempt) {
                (kept, None)
            } else {
                (step.feed.again(&kept), Some(kept))
            };
            ((self.start)(step, self.scope, input, cx.under(cx.obs.attempt(attempt))), kept)
        })
    }
}

pin_project! {
    /// What is kept of the piped value, `kept`, is `None` in the last attempt.
    #[project = Projected]
    #[project_replace = Replaced]
    enum RetryFuture<Fut, Timer, K, D, H> {
        /// The first attempt, apart from others so that a run that succeeds at once has little to write down.
        First {
            #[pin]
            fut: Fut,
            kept: Option<K>,
            // Last: a block ends after the steps inside it.
            held: H,
        },
        /// An attempt after a failure.
        Again {
            #[pin]
            fut: Fut,
            kept: Option<K>,
            later: Later<D>,
            held: H,
        },
        Sleeping {
            #[pin]
            timer: Timer,
            kept: K,
            later: Later<D>,
            held: H,
        },
        /// The next attempt is due, as soon as it is this task's turn.
        Due {
            kept: K,
            later: Later<D>,
            held: H,
        },
        /// On the way from one to another of these.
        Gone,
    }
}

/// What there is to know after a failure.
struct Later<D> {
    /// The attempt under way, or due.
    attempt: u32,
    /// What was done in this poll.
    done: u32,
    delays: D,
}

impl<'a, P, E, B, Bk, D, W, F, Start, Sleep, R, O, Fut, Timer, T> Future
    for RetryFuture<Fut, Timer, F::Takes, D, Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>>
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
        // Looked up before the loop, not in it, so that a first attempt is polled where it was just started.
        let (mut fut, mut held) = match self.as_mut().project() {
            Projected::First { fut, held, .. } | Projected::Again { fut, held, .. } => (fut, held),
            _ => ready!(self.as_mut().poll_next(cx, false)),
        };
        loop {
            match ready!(O::poll(&mut held.guard, || fut.poll(cx))) {
                Ok(out) => {
                    O::succeed_block(&mut held.guard);
                    return Poll::Ready(Ok(out));
                }
                Err(error) => {
                    if let Err(error) = self.as_mut().wait(error) {
                        return Poll::Ready(Err(error));
                    }
                }
            }
            (fut, held) = ready!(self.as_mut().poll_next(cx, true));
        }
    }
}

impl<'a, P, B, Bk, D, W, F, Start, Sleep, R, O, Fut, Timer>
    RetryFuture<Fut, Timer, F::Takes, D, Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>>
where
    P: Point,
    F: Again<P::In>,
    Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, Cx<R, O>) -> Fut,
    Sleep: Fn(R, Duration) -> Timer,
    R: Host,
    O: Observer,
    Timer: Future<Output = ()>,
{
    /// After a failure: waits for the next attempt, or gives the error back if there is none.
    #[cold]
    fn wait<E: Failure>(mut self: Pin<&mut Self>, mut error: Error<E>) -> Result<(), Error<E>>
    where
        W: Fn(&Error<E>) -> bool,
    {
        let (attempt, done, kept, mut delays, mut held) = match self.as_mut().project_replace(Self::Gone) {
            Replaced::First { kept, held, .. } => (1, 0, kept, None, held),
            Replaced::Again { kept, later, held, .. } => {
                (later.attempt, later.done, kept, Some(later.delays), held)
            }
            _ => unreachable!("an attempt has just failed"),
        };
        let (policy, rt) = (&held.step.policy, held.cx.rt);
        let delay = kept
            .is_some()
            .then(|| O::poll(&mut held.guard, || policy.delay(attempt, &error, &mut delays, || rt.random())));
        let (Some(Some(delay)), Some(kept), Some(delays)) = (delay, kept, delays) else {
            error.attempted(attempt);
            O::fail(&mut held.guard, &error);
            return Err(error);
        };
        let later = Later { attempt: attempt.saturating_add(1), done, delays };
        O::retrying(&held.guard, error.origin(), later.attempt, delay);
        let next = if delay.is_zero() {
            RetryFuture::Due { kept, later, held }
        } else {
            let timer = O::poll(&mut held.guard, || (held.sleep)(rt, delay));
            RetryFuture::Sleeping { timer, kept, later, held }
        };
        self.set(next);
        Ok(())
    }

    /// Waits for the next attempt and starts it. Whether it is the same poll in which the last one failed is what `is_same_poll`
    /// says.
    #[cold]
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        is_same_poll: bool,
    ) -> Poll<(Pin<&mut Fut>, &mut Held<'a, P, B, Bk, D, W, F, Start, Sleep, R, O>)> {
        if let Projected::Sleeping { timer, held, .. } = self.as_mut().project() {
            ready!(O::poll(&mut held.guard, || timer.poll(cx)));
            if let Replaced::Sleeping { kept, later, held, .. } = self.as_mut().project_replace(Self::Gone) {
                self.set(RetryFuture::Due { kept, later, held });
            }
        }
        if let Projected::Due { later, held, .. } = self.as_mut().project() {
            if !is_same_poll {
                later.done = 0;
            } else if !repeats(&mut later.done, cx.waker()) {
                Turn::default().ends(held.cx.rt, cx.waker());
                return Poll::Pending;
            }
            ready!(held.cx.rt.poll_proceed(cx));
            if let Replaced::Due { kept, later, mut held } = self.as_mut().project_replace(Self::Gone) {
                let (fut, kept) = held.start(kept, later.attempt);
                self.set(RetryFuture::Again { fut, kept, later, held });
            }
        }
        match self.project() {
            Projected::Again { fut, held, .. } => Poll::Ready((fut, held)),
            _ => unreachable!("a future is not polled again after it has ended"),
        }
    }
}

impl<B, Bk, D, W, F> fmt::Debug for Retry<B, Bk, D, W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}
