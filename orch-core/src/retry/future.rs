//! The block `retry`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::events::Retrying;
use super::policy::Policy;
use crate::error::{Error, Failure};
use crate::feed::Again;
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::ready::Turn;
use crate::run::Cx;
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
    type Asks = B::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let (inside, guard) = cx.block(self.meta);
        let mut held = Held::<'a, P, _, _, _, _, _, _, _, R> {
            step: self,
            scope,
            start: |step: &'a Self, scope, input, cx| step.body.run(scope, input, cx),
            sleep: R::sleep,
            cx: inside,
            guard,
        };
        let (fut, kept) = held.start(F::keep(input), 1);
        RetryFuture::First { fut, kept, held }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

/// So many attempts in a row, without delays, follow another one in the same poll; then others are let run. Under tokio it
/// is fewer, as each takes from its budget.
const REPEATED: u32 = 1024;

/// What lasts as long as the block.
struct Held<'a, P, B, Bk, D, W, F, Start, Sleep, R>
where
    P: Point,
    R: Cx,
{
    step: &'a Retry<B, Bk, D, W, F>,
    scope: RefOf<'a, P>,
    // Functions without size, as the futures that they give have types without names.
    start: Start,
    sleep: Sleep,
    cx: R,
    guard: R::Guard,
}

impl<'a, P, B, Bk, D, W, F, Start, Sleep, R> Held<'a, P, B, Bk, D, W, F, Start, Sleep, R>
where
    P: Point,
    F: Again<P::In>,
    R: Cx,
{
    /// Starts an attempt with the piped value. If it may not be the last, that is a clone of it, and the value comes back.
    #[inline(always)]
    fn start<Fut>(&mut self, kept: F::Takes, attempt: u32) -> (Fut, Option<F::Takes>)
    where
        Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    {
        let (step, cx) = (self.step, self.cx);
        R::poll(&mut self.guard, || {
            let (input, kept) = if step.policy.is_last(attempt) {
                (kept, None)
            } else {
                (step.feed.again(&kept), Some(kept))
            };
            ((self.start)(step, self.scope, input, cx.attempt(attempt)), kept)
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
    /// How many attempts in a row have followed another one in the same poll.
    repeated: u32,
    delays: D,
}

impl<'a, P, E, B, Bk, D, W, F, Start, Sleep, R, Fut, Timer, T> Future
    for RetryFuture<Fut, Timer, F::Takes, D, Held<'a, P, B, Bk, D, W, F, Start, Sleep, R>>
where
    P: Point,
    E: Failure,
    W: Fn(&Error<E>) -> bool,
    F: Again<P::In>,
    Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    Sleep: Fn(R, Duration) -> Timer,
    R: Cx,
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
            match ready!(R::poll(&mut held.guard, || fut.poll(cx))) {
                Ok(out) => {
                    R::succeed_block(&mut held.guard);
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

impl<'a, P, B, Bk, D, W, F, Start, Sleep, R, Fut, Timer>
    RetryFuture<Fut, Timer, F::Takes, D, Held<'a, P, B, Bk, D, W, F, Start, Sleep, R>>
where
    P: Point,
    F: Again<P::In>,
    Start: Fn(&'a Retry<B, Bk, D, W, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    Sleep: Fn(R, Duration) -> Timer,
    R: Cx,
    Timer: Future<Output = ()>,
{
    /// After a failure: waits for the next attempt, or gives the error back if there is none.
    #[cold]
    fn wait<E: Failure>(mut self: Pin<&mut Self>, mut error: Error<E>) -> Result<(), Error<E>>
    where
        W: Fn(&Error<E>) -> bool,
    {
        let (attempt, repeated, kept, mut delays, mut held) = match self.as_mut().project_replace(Self::Gone)
        {
            Replaced::First { kept, held, .. } => (1, 0, kept, None, held),
            Replaced::Again { kept, later, held, .. } => {
                (later.attempt, later.repeated, kept, Some(later.delays), held)
            }
            _ => unreachable!("an attempt has just failed"),
        };
        let (policy, run) = (&held.step.policy, held.cx);
        let delay = kept.is_some().then(|| {
            R::poll(&mut held.guard, || policy.delay(attempt, &error, &mut delays, || run.random()))
        });
        let (Some(Some(delay)), Some(kept), Some(delays)) = (delay, kept, delays) else {
            error.attempted(attempt);
            R::fail(&mut held.guard, &error);
            return Err(error);
        };
        let later = Later { attempt: attempt.saturating_add(1), repeated, delays };
        R::tell(&held.guard, || Retrying { step: error.step(), attempt: later.attempt, delay });
        let next = if delay.is_zero() {
            RetryFuture::Due { kept, later, held }
        } else {
            let timer = R::poll(&mut held.guard, || (held.sleep)(run, delay));
            RetryFuture::Sleeping { timer, kept, later, held }
        };
        self.set(next);
        Ok(())
    }

    /// Waits for the next attempt and starts it. Whether it follows another one in the same poll is what `repeats` says.
    #[cold]
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        repeats: bool,
    ) -> Poll<(Pin<&mut Fut>, &mut Held<'a, P, B, Bk, D, W, F, Start, Sleep, R>)> {
        if let Projected::Sleeping { timer, held, .. } = self.as_mut().project() {
            ready!(R::poll(&mut held.guard, || timer.poll(cx)));
            if let Replaced::Sleeping { kept, later, held, .. } = self.as_mut().project_replace(Self::Gone) {
                self.set(RetryFuture::Due { kept, later, held });
            }
        }
        if let Projected::Due { later, held, .. } = self.as_mut().project() {
            later.repeated = if repeats { later.repeated + 1 } else { 0 };
            if later.repeated == REPEATED {
                Turn::default().ends(held.cx, cx.waker());
                return Poll::Pending;
            }
            ready!(held.cx.poll_proceed(cx));
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
