//! The block `timeout`.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::Step;
use crate::run::{Asks, Cx, finish_block};
use crate::wake::{Turn, cut_short};

/// The block `timeout`.
#[derive(Debug)]
pub struct Timeout<B, G> {
    pub(super) body: B,
    pub(super) given: G,
    pub(super) meta: &'static Meta,
}

impl<P: Point, E: Failure, B: Step<P, E>, G: Given<P, Value = Duration>> Block<P, E> for Timeout<B, G> {
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        const {
            assert!(
                !<B::Asks as Asks>::TO_END,
                "a `timeout` drops what is inside it, and a saga that is dropped undoes nothing; put the `timeout` inside the `saga`"
            );
        }
        let Held { cx: run, mut guard } = held;
        // The clock is read for those alone that ask.
        let seen = self.given.see(scope);
        let run = if <B::Asks as Asks>::YES { run.within(*self.given.get(seen)) } else { run };
        let fut = R::poll(&mut guard, || self.body.enter(scope, input, run));
        let sleep = |step: &'a Self, cx: R, duration| {
            unconstrained(cx.sleep(duration, Some(Origin::block(step.meta))))
        };
        let duration = move |step: &'a Self| *step.given.get(seen);
        let late = Late::<_, _, _, _, R> { step: self, duration, sleep, cx: run, guard };
        TimeoutFuture { body: Body::Running { fut, alarm: Alarm::Unset }, held: late }
    }

    fn load(&self) -> Load {
        Load::Within { time: self.given.known().copied().into() }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// What the block has besides body and alarm.
struct Late<'a, B, G, Time, Sleep, R: Cx> {
    step: &'a Timeout<B, G>,
    // Without size, unless the time is of this run alone.
    duration: Time,
    // A function without size, as the future that it gives has a type without a name.
    sleep: Sleep,
    cx: R,
    guard: R::Guard,
}

impl<'a, B, G, Time, Sleep, R> Late<'a, B, G, Time, Sleep, R>
where
    Time: Fn(&'a Timeout<B, G>) -> Duration,
    R: Cx,
{
    #[inline(always)]
    fn duration(&self) -> Duration {
        (self.duration)(self.step)
    }

    /// The body waits: whether its time is over.
    fn poll_over<Timer>(&mut self, mut alarm: Pin<&mut Alarm<Timer>>, cx: &mut Context<'_>) -> bool
    where
        Sleep: Fn(&'a Timeout<B, G>, R, Duration) -> Timer,
        Timer: Future<Output = ()>,
    {
        let duration = self.duration();
        R::poll(&mut self.guard, || {
            if let AlarmProjected::Unset = alarm.as_mut().project()
                && !duration.is_zero()
            {
                alarm.set(Alarm::Set { timer: (self.sleep)(self.step, self.cx, duration) });
            }
            let is_over = match alarm.as_mut().project() {
                AlarmProjected::Unset => true,
                AlarmProjected::Set { timer } => timer.poll(cx).is_ready(),
                AlarmProjected::Over { .. } => return true,
            };
            if is_over {
                alarm.set(Alarm::Over { without_budget: 0, has_spent: false });
            }
            is_over
        })
    }

    /// The body is late, and had a budget at the start of this poll or not: whether it is asked again in the next turn.
    #[cold]
    fn asks_again<Timer>(
        &self,
        alarm: Pin<&mut Alarm<Timer>>,
        had_budget: bool,
        cx: &mut Context<'_>,
    ) -> bool {
        let AlarmProjected::Over { without_budget, has_spent } = alarm.project() else {
            unreachable!("its time is over");
        };
        if self.cx.has_budget() {
            // It was asked.
            return false;
        }
        let asks_again = if had_budget {
            !mem::replace(has_spent, true)
        } else {
            *without_budget += 1;
            *without_budget < WITHOUT_BUDGET
        };
        if asks_again {
            // A block around it begins the next turn with it, so that it has all of the budget.
            cut_short();
            Turn::default().ends(self.cx, cx.waker());
        }
        asks_again
    }
}

/// So often a body that is late is polled again though it had no budget from the start. Blocks see to it that each of their
/// children has one in its turn, so this is for what else may be around the timeout: as many as this times the budget of
/// tokio, 128, of futures that are ready at the same time and polled by one task.
const WITHOUT_BUDGET: u16 = 1024;

pin_project! {
    #[project = AlarmProjected]
    enum Alarm<Timer> {
        /// The body has not waited yet.
        Unset,
        Set {
            #[pin]
            timer: Timer,
        },
        /// The time is over. The body may not have been asked, as the scheduler's budget was gone.
        Over {
            // How often it was gone from the start.
            without_budget: u16,
            // Whether the body itself has used it up.
            has_spent: bool,
        },
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
            #[pin]
            alarm: Alarm<Timer>,
        },
        Over,
    }
}

impl<'a, Fut, Timer, T, E, B, G, Time, Sleep, R> Future
    for TimeoutFuture<Fut, Timer, Late<'a, B, G, Time, Sleep, R>>
where
    Time: Fn(&'a Timeout<B, G>) -> Duration,
    Fut: Future<Output = Result<T, Error<E>>>,
    Timer: Future<Output = ()>,
    E: Failure,
    Sleep: Fn(&'a Timeout<B, G>, R, Duration) -> Timer,
    R: Cx,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut body, held) = (this.body, this.held);
        let BodyProjected::Running { fut, mut alarm } = body.as_mut().project() else {
            panic!("a future is not polled again after it has finished");
        };
        // Of no interest to a body that has not waited yet, as it still has all of its time.
        let has_not_waited = matches!(alarm.as_mut().project(), AlarmProjected::Unset);
        let had_budget = (has_not_waited && !held.duration().is_zero()) || held.cx.has_budget();
        if let Poll::Ready(result) = R::poll(&mut held.guard, || fut.poll(cx)) {
            finish_block::<R, _, _>(&mut held.guard, &result);
            return Poll::Ready(result);
        }
        if !held.poll_over(alarm.as_mut(), cx) || held.asks_again(alarm, had_budget, cx) {
            return Poll::Pending;
        }
        // Drops the body, whose steps are cancelled before the block fails.
        R::poll(&mut held.guard, || body.set(Body::Over));
        let error = Error::timed_out(Origin::block(held.step.meta), held.duration());
        R::fail(&mut held.guard, &error);
        Poll::Ready(Err(error))
    }
}
