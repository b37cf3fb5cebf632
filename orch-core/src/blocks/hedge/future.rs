//! The block `hedge`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use super::attempts::Attempts;
use super::events::Hedging;
use super::options::Values;
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::feed::Again;
use crate::build::scope::{At, Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::{Asks, Cx, Step};
use crate::wake::{Turn, repeats};

/// The block `hedge`.
pub struct Hedge<B, G, F> {
    pub(super) body: B,
    pub(super) feed: F,
    pub(super) given: G,
    pub(super) meta: &'static Meta,
}

impl<P, E, B, G, F> Block<P, E> for Hedge<B, G, F>
where
    P: Point,
    E: Failure,
    G: Given<P, Value = Values>,
    F: Again<P::In>,
    B: Step<At<P::Scope, F::Takes>, E>,
{
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
                "a `hedge` drops what is inside it, and a saga that is dropped undoes nothing; put the `hedge` inside the `saga`"
            );
        }
        let Held { cx, guard } = held;
        let mut held = Hedged::<'a, P, _, G, _, _, _, R> {
            step: self,
            scope,
            seen: self.given.see(scope),
            start: |step: &'a Self, scope, input, cx| step.body.enter(scope, input, cx),
            sleep: |step: &'a Self, cx: R, delay| {
                unconstrained(cx.sleep(delay, Some(Origin::block(step.meta))))
            },
            cx,
            guard,
        };
        // What the body does not use of the value is dropped here.
        let kept = R::poll(&mut held.guard, || F::keep(input));
        let (fut, kept) = held.start(kept, 1);
        HedgeFuture { attempts: Attempts::new(fut), alarm: Alarm::Unset, kept, held }
    }

    fn load(&self) -> Load {
        let values = self.given.known();
        Load::Beside {
            attempts: values.map(|values| values.max_attempts).into(),
            delay: values.map(|values| values.delay).into(),
        }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// What lasts as long as the block.
struct Hedged<'a, P, B, G, F, Start, Sleep, R>
where
    P: Point,
    G: Given<P>,
    R: Cx,
{
    step: &'a Hedge<B, G, F>,
    scope: RefOf<'a, P>,
    seen: G::Seen<'a>,
    // Functions without size, as the futures that they give have types without names.
    start: Start,
    sleep: Sleep,
    cx: R,
    guard: R::Guard,
}

impl<'a, P, B, G, F, Start, Sleep, R> Hedged<'a, P, B, G, F, Start, Sleep, R>
where
    P: Point,
    G: Given<P, Value = Values>,
    F: Again<P::In>,
    R: Cx,
{
    /// Starts an attempt with the piped value. If it is not the last, that is a clone of it, and the value comes back.
    #[inline(always)]
    fn start<Fut>(&mut self, kept: F::Takes, attempt: u32) -> (Fut, Option<F::Takes>)
    where
        Start: Fn(&'a Hedge<B, G, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    {
        let (step, cx) = (self.step, self.cx);
        let max_attempts = step.given.get(self.seen).max_attempts;
        R::poll(&mut self.guard, || {
            let (input, kept) =
                if attempt >= max_attempts { (kept, None) } else { (step.feed.again(&kept), Some(kept)) };
            ((self.start)(step, self.scope, input, cx.attempt_beside(attempt)), kept)
        })
    }
}

pin_project! {
    #[project = AlarmProjected]
    enum Alarm<Timer> {
        /// Nobody has waited since the latest start.
        Unset,
        Set {
            #[pin]
            timer: Timer,
        },
        /// The delay has passed, but the attempts may not have been asked, as the scheduler's budget was gone.
        Over,
    }
}

pin_project! {
    #[project = Projected]
    struct HedgeFuture<Fut, Timer, K, E, H> {
        #[pin]
        attempts: Attempts<Fut, E>,
        #[pin]
        alarm: Alarm<Timer>,
        // `None` from the last attempt on.
        kept: Option<K>,
        // Last: a block ends after the steps inside it.
        held: H,
    }
}

impl<'a, P, E, B, G, F, Start, Sleep, R, Fut, Timer, T> Future
    for HedgeFuture<Fut, Timer, F::Takes, E, Hedged<'a, P, B, G, F, Start, Sleep, R>>
where
    P: Point,
    E: Failure,
    G: Given<P, Value = Values>,
    F: Again<P::In>,
    Start: Fn(&'a Hedge<B, G, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    Sleep: Fn(&'a Hedge<B, G, F>, R, Duration) -> Timer,
    R: Cx,
    Fut: Future<Output = Result<T, Error<E>>>,
    Timer: Future<Output = ()>,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Looked up before the loop, so that a first attempt is polled where it was just started.
        let this = self.as_mut().project();
        let (mut fut, mut held) = match this.attempts.alone() {
            Some(fut) => (fut, this.held),
            None => match ready!(self.as_mut().poll_again(cx)) {
                Ok(asked) => asked,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        loop {
            // The one place where attempts are polled: it is all of their code.
            match R::poll(&mut held.guard, || fut.poll(cx)) {
                Poll::Ready(Ok(out)) => {
                    let Projected { attempts, held, .. } = self.project();
                    if !attempts.is_one() {
                        R::poll(&mut held.guard, || attempts.clear());
                    }
                    R::succeed_block(&mut held.guard);
                    return Poll::Ready(Ok(out));
                }
                Poll::Ready(Err(error)) => self.as_mut().fail(error),
                Poll::Pending => {}
            }
            (fut, held) = match ready!(self.as_mut().poll_next(cx)) {
                Ok(asked) => asked,
                Err(error) => return Poll::Ready(Err(error)),
            };
        }
    }
}

/// An attempt to ask, and what it is asked in; or the error of the block.
type Asked<'s, Fut, H, E> = Poll<Result<(Pin<&'s mut Fut>, &'s mut H), Error<E>>>;

impl<'a, P, E, B, G, F, Start, Sleep, R, Fut, Timer>
    HedgeFuture<Fut, Timer, F::Takes, E, Hedged<'a, P, B, G, F, Start, Sleep, R>>
where
    P: Point,
    E: Failure,
    G: Given<P, Value = Values>,
    F: Again<P::In>,
    Start: Fn(&'a Hedge<B, G, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    Sleep: Fn(&'a Hedge<B, G, F>, R, Duration) -> Timer,
    R: Cx,
    Timer: Future<Output = ()>,
{
    /// The attempt that was asked has failed.
    #[cold]
    fn fail(self: Pin<&mut Self>, error: Error<E>) {
        let Projected { attempts, held, .. } = self.project();
        R::poll(&mut held.guard, || attempts.failed(error));
    }

    /// A poll begins, and there is more than the first attempt: which one is asked first.
    #[cold]
    fn poll_again(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Asked<'_, Fut, Hedged<'a, P, B, G, F, Start, Sleep, R>, E> {
        let Projected { attempts, held, .. } = self.as_mut().project();
        if attempts.begin_pass(held.cx.has_budget()) { self.asked() } else { self.poll_next(cx) }
    }

    /// An attempt has given no answer: which one is asked next. One is started if it is time to.
    #[cold]
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Asked<'_, Fut, Hedged<'a, P, B, G, F, Start, Sleep, R>, E> {
        let Projected { mut attempts, mut alarm, kept, held } = self.as_mut().project();
        if attempts.as_mut().advance(held.cx) {
            return self.asked();
        }
        if kept.is_none() {
            // The last one has started.
            if !attempts.have_ended() {
                return Poll::Pending;
            }
            let started = attempts.started();
            let mut error = R::poll(&mut held.guard, || attempts.error());
            error.attempted(started);
            R::fail(&mut held.guard, &error);
            return Poll::Ready(Err(error));
        }
        let after = if attempts.owes() {
            Duration::ZERO
        } else {
            ready!(held.poll_delay(alarm.as_mut(), cx));
            held.delay()
        };
        // The first start of a poll asks for no budget: an attempt that uses all of it each time would keep others from starting.
        if let Some(done) = attempts.as_mut().starts_again() {
            if !repeats(done, cx.waker()) {
                Turn::default().ends(held.cx, cx.waker());
                return Poll::Pending;
            }
            ready!(held.cx.poll_proceed(cx));
        }
        let attempt = attempts.started() + 1;
        R::tell(&held.guard, || Hedging { attempt, after });
        R::poll(&mut held.guard, || alarm.set(Alarm::Unset));
        let Some(value) = kept.take() else { unreachable!("it was there") };
        let (fut, left) = held.start(value, attempt);
        *kept = left;
        attempts.add(fut);
        self.asked()
    }

    /// The attempt that it is the turn of.
    fn asked(self: Pin<&mut Self>) -> Asked<'_, Fut, Hedged<'a, P, B, G, F, Start, Sleep, R>, E> {
        let Projected { attempts, held, .. } = self.project();
        Poll::Ready(Ok((attempts.asked(), held)))
    }
}

impl<'a, P, B, G, F, Start, Sleep, R> Hedged<'a, P, B, G, F, Start, Sleep, R>
where
    P: Point,
    G: Given<P, Value = Values>,
    R: Cx,
{
    fn delay(&self) -> Duration {
        self.step.given.get(self.seen).delay
    }

    /// Whether the delay since the latest start has passed.
    fn poll_delay<Timer>(&mut self, mut alarm: Pin<&mut Alarm<Timer>>, cx: &mut Context<'_>) -> Poll<()>
    where
        Sleep: Fn(&'a Hedge<B, G, F>, R, Duration) -> Timer,
        Timer: Future<Output = ()>,
    {
        let (run, delay) = (self.cx, self.delay());
        let is_over = R::poll(&mut self.guard, || {
            if let AlarmProjected::Unset = alarm.as_mut().project() {
                alarm.set(Alarm::Set { timer: (self.sleep)(self.step, run, delay) });
            }
            let is_over = match alarm.as_mut().project() {
                AlarmProjected::Set { timer } => timer.poll(cx).is_ready(),
                AlarmProjected::Unset | AlarmProjected::Over => return true,
            };
            if !is_over {
                return false;
            }
            alarm.set(Alarm::Over);
            if !run.has_budget() {
                // Those under way may not have been asked: they are, in the next turn.
                Turn::default().ends(run, cx.waker());
                return false;
            }
            true
        });
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<B, G, F> fmt::Debug for Hedge<B, G, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hedge")
    }
}
