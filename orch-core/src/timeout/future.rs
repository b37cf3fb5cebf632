//! The block `timeout`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::ready::{Turn, cut_short};
use crate::run::{Asks, Cx, finish_block};
use crate::scope::{Point, RefOf};
use crate::step::Step;

/// The block `timeout`.
pub struct Timeout<B> {
    pub(super) body: B,
    pub(super) duration: Duration,
    pub(super) meta: &'static Meta,
}

impl<P: Point, E: Failure, B: Step<P, E>> Step<P, E> for Timeout<B> {
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let (inside, mut guard) = cx.block(self.meta);
        // The clock is read for those alone that ask.
        let inside = if <B::Asks as Asks>::YES { inside.within(self.duration) } else { inside };
        let fut = R::poll(&mut guard, || self.body.run(scope, input, inside));
        let sleep = |cx: R, duration| unconstrained(cx.sleep(duration));
        let held = Held::<_, _, R> { step: self, sleep, cx, grace: Grace::default(), guard };
        TimeoutFuture { body: Body::Running { fut, timer: None }, held }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

/// What the block has besides body and timer.
struct Held<'a, B, Sleep, R: Cx> {
    step: &'a Timeout<B>,
    // A function without size, as the future that it gives has a type without a name.
    sleep: Sleep,
    cx: R,
    grace: Grace,
    guard: R::Guard,
}

/// What a body that is late was granted because it could not be asked: the scheduler's budget was gone.
#[derive(Clone, Copy, Debug, Default)]
struct Grace {
    /// How often it had no budget from the start.
    without: u16,
    /// Whether it has used one up.
    spent: bool,
}

/// So often a body that is late is polled again though it had no budget from the start. Blocks see to it that each of their
/// children has one in its turn, so this is for what else may be around the timeout: as many as this times the budget of
/// tokio, 128, of futures that are ready at the same time and polled by one task.
const WITHOUT: u16 = 1024;

impl<B, Sleep, R: Cx> Held<'_, B, Sleep, R> {
    /// The body waits: whether its time is over.
    fn poll_over<Timer>(&mut self, mut timer: Pin<&mut Option<Timer>>, cx: &mut Context<'_>) -> bool
    where
        Sleep: Fn(R, Duration) -> Timer,
        Timer: Future<Output = ()>,
    {
        let duration = self.step.duration;
        if duration.is_zero() || self.grace.is_given() {
            return true;
        }
        R::poll(&mut self.guard, || {
            if timer.is_none() {
                timer.set(Some((self.sleep)(self.cx, duration)));
            }
            timer.as_pin_mut().is_some_and(|timer| timer.poll(cx).is_ready())
        })
    }

    /// The body is late, and had a budget from the start or not: whether it is asked again.
    #[cold]
    fn asks_again(&mut self, had_budget: bool, cx: &mut Context<'_>) -> bool {
        let asks_again = !self.cx.has_budget() && self.grace.is_granted(had_budget);
        if asks_again {
            cut_short();
            Turn::default().ends(self.cx, cx.waker());
        }
        asks_again
    }
}

impl Grace {
    fn is_given(self) -> bool {
        self.without > 0 || self.spent
    }

    fn is_granted(&mut self, had_budget: bool) -> bool {
        if had_budget {
            return !std::mem::replace(&mut self.spent, true);
        }
        self.without += 1;
        self.without < WITHOUT
    }
}

pin_project! {
    struct TimeoutFuture<Fut, Timer, H> {
        #[pin]
        body: Body<Fut, Timer>,
        // Last: a block ends after the steps inside it.
        held: H,
    }
}

pin_project! {
    #[project = BodyProjected]
    enum Body<Fut, Timer> {
        Running {
            #[pin]
            fut: Fut,
            // None until the body waits.
            #[pin]
            timer: Option<Timer>,
        },
        Over,
    }
}

impl<Fut, Timer, T, E, B, Sleep, R> Future for TimeoutFuture<Fut, Timer, Held<'_, B, Sleep, R>>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    Timer: Future<Output = ()>,
    E: Failure,
    Sleep: Fn(R, Duration) -> Timer,
    R: Cx,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut body, held) = (this.body, this.held);
        let BodyProjected::Running { fut, timer } = body.as_mut().project() else {
            panic!("a future is not polled again after it has finished");
        };
        // Before there is a timer, the time is not over unless there is none.
        let had_budget = (timer.is_none() && !held.step.duration.is_zero()) || held.cx.has_budget();
        if let Poll::Ready(result) = R::poll(&mut held.guard, || fut.poll(cx)) {
            finish_block::<R, _, _>(&mut held.guard, &result);
            return Poll::Ready(result);
        }
        if !held.poll_over(timer, cx) || held.asks_again(had_budget, cx) {
            return Poll::Pending;
        }
        // Drops the body, whose steps are cancelled before the block fails.
        R::poll(&mut held.guard, || body.set(Body::Over));
        let error = Error::timed_out(Origin::block(held.step.meta), held.step.duration);
        R::fail(&mut held.guard, &error);
        Poll::Ready(Err(error))
    }
}

impl<B> fmt::Debug for Timeout<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("duration", &self.duration).finish_non_exhaustive()
    }
}
