//! The block `repeat`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::events::NextRound;
use crate::blocks::backoff::Waits;
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::rounds::EndsARound;
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::Cx;
use crate::run::Step;
use crate::wake::{Turn, repeats};

/// The block `repeat`.
pub struct Repeat<B, G, Bk, D> {
    pub(super) body: B,
    pub(super) meta: &'static Meta,
    pub(super) given: G,
    pub(super) limits: PhantomData<fn() -> Limits<Bk, D>>,
}

/// What the options of a `repeat` come to.
pub struct Limits<Bk, D> {
    /// `None`: without end.
    pub(super) max_rounds: Option<NonZeroU32>,
    pub(super) waits: Waits<Bk, D>,
}

impl<Bk, D> Limits<Bk, D> {
    /// How long to wait after this round; `None` if it was the last that may be.
    #[inline]
    fn wait(&self, round: u32, delays: &mut Option<D>, random: impl FnOnce() -> u64) -> Option<Duration> {
        if self.max_rounds.is_some_and(|max_rounds| round >= max_rounds.get()) {
            return None;
        }
        self.waits.next(delays, random)
    }
}

impl<P, E, B, G, Bk, D> Block<P, E> for Repeat<B, G, Bk, D>
where
    P: Point,
    E: Failure,
    B: Step<P, E>,
    B::Out: EndsARound<Next = P::In>,
    G: Given<P, Value = Limits<Bk, D>>,
    Bk: Send + Sync,
    D: Send + Sync,
{
    type Out = <B::Out as EndsARound>::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        let Held { cx, guard } = held;
        let mut held = Rounds::<'a, P, _, G, _, _, _, _, R> {
            step: self,
            scope,
            seen: self.given.see(scope),
            start: |step: &'a Self, scope, input, cx| step.body.enter(scope, input, cx),
            sleep: |step: &'a Self, cx: R, delay| cx.sleep(delay, Some(Origin::block(step.meta))),
            cx,
            round: 1,
            delays: None,
            guard,
        };
        let fut = held.start(input);
        RepeatFuture { now: Now::Running { fut }, held }
    }

    fn load(&self) -> Load {
        let Some(Limits { max_rounds, waits }) = self.given.known() else { return Load::Unknown };
        let rounds = max_rounds.map(NonZeroU32::get).into();
        Load::Rounds { rounds, waits: waits.longest(rounds, false) }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// What lasts as long as the block.
struct Rounds<'a, P, B, G, Bk, D, Start, Sleep, R>
where
    P: Point,
    G: Given<P>,
    R: Cx,
{
    step: &'a Repeat<B, G, Bk, D>,
    scope: RefOf<'a, P>,
    seen: G::Seen<'a>,
    // Functions without size, as the futures that they give have types without names.
    start: Start,
    sleep: Sleep,
    cx: R,
    /// The round under way, or due.
    round: u32,
    delays: Option<D>,
    guard: R::Guard,
}

impl<'a, P, B, G, Bk, D, Start, Sleep, R> Rounds<'a, P, B, G, Bk, D, Start, Sleep, R>
where
    P: Point,
    G: Given<P>,
    R: Cx,
{
    /// Starts a round.
    #[inline(always)]
    fn start<Fut>(&mut self, input: P::In) -> Fut
    where
        Start: Fn(&'a Repeat<B, G, Bk, D>, RefOf<'a, P>, P::In, R) -> Fut,
    {
        let (step, scope, cx) = (self.step, self.scope, self.cx.round(self.round));
        R::poll(&mut self.guard, || (self.start)(step, scope, input, cx))
    }
}

pin_project! {
    #[project = Projected]
    struct RepeatFuture<Fut, Timer, In, H> {
        #[pin]
        now: Now<Fut, Timer, In>,
        // Last: a block ends after the steps inside it.
        held: H,
    }
}

pin_project! {
    #[project = NowProjected]
    #[project_replace = NowReplaced]
    enum Now<Fut, Timer, In> {
        Running {
            #[pin]
            fut: Fut,
        },
        Sleeping {
            #[pin]
            timer: Timer,
            next: In,
        },
        /// The next round is due, as soon as it is this task's turn.
        Due {
            next: In,
        },
        /// On the way from one to another of these.
        Gone,
    }
}

impl<'a, P, E, B, G, Bk, D, Start, Sleep, R, Fut, Timer, C> Future
    for RepeatFuture<Fut, Timer, P::In, Rounds<'a, P, B, G, Bk, D, Start, Sleep, R>>
where
    P: Point,
    E: Failure,
    G: Given<P, Value = Limits<Bk, D>>,
    Start: Fn(&'a Repeat<B, G, Bk, D>, RefOf<'a, P>, P::In, R) -> Fut,
    Sleep: Fn(&'a Repeat<B, G, Bk, D>, R, Duration) -> Timer,
    R: Cx,
    Fut: Future<Output = Result<C, Error<E>>>,
    Timer: Future<Output = ()>,
    C: EndsARound<Next = P::In>,
{
    type Output = Result<C::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Projected { mut now, held } = self.project();
        // What was done in this poll, and whether a round has ended in it.
        let mut done = 0;
        let mut is_same_poll = false;
        loop {
            let next = match now.as_mut().project() {
                NowProjected::Running { fut } => {
                    let flow = match ready!(R::poll(&mut held.guard, || fut.poll(cx))) {
                        Ok(flow) => flow.control(),
                        Err(error) => {
                            R::fail(&mut held.guard, &error);
                            return Poll::Ready(Err(error));
                        }
                    };
                    let next = match flow {
                        ControlFlow::Continue(next) => next,
                        ControlFlow::Break(out) => {
                            R::succeed_block(&mut held.guard);
                            return Poll::Ready(Ok(out));
                        }
                    };
                    let (step, seen, run, round) = (held.step, held.seen, held.cx, held.round);
                    // What is over is dropped before anything is waited for, and with it a value that nobody needs any more.
                    // All of that may panic, inside the block.
                    let delays = &mut held.delays;
                    let going_on = R::poll(&mut held.guard, || {
                        now.set(Now::Gone);
                        let delay = step.given.get(seen).wait(round, delays, || run.random())?;
                        Some((delay, next))
                    });
                    let Some((delay, next)) = going_on else {
                        let kind = ErrorKind::Exhausted { rounds: round };
                        let error = Error::new(kind, Origin::block(step.meta));
                        R::fail(&mut held.guard, &error);
                        return Poll::Ready(Err(error));
                    };
                    is_same_poll = true;
                    held.round = round.saturating_add(1);
                    R::tell(&held.guard, || NextRound { round: held.round, delay });
                    if !delay.is_zero() {
                        let (sleep, step) = (&held.sleep, held.step);
                        let timer = R::poll(&mut held.guard, || sleep(step, run, delay));
                        now.set(Now::Sleeping { timer, next });
                        continue;
                    }
                    next
                }
                NowProjected::Sleeping { timer, .. } => {
                    ready!(R::poll(&mut held.guard, || timer.poll(cx)));
                    match now.as_mut().project_replace(Now::Gone) {
                        NowReplaced::Sleeping { next, .. } => next,
                        _ => unreachable!("it was waited for"),
                    }
                }
                NowProjected::Due { .. } => match now.as_mut().project_replace(Now::Gone) {
                    NowReplaced::Due { next } => next,
                    _ => unreachable!("it was due"),
                },
                NowProjected::Gone => unreachable!("a future is not polled again after it has ended"),
            };
            if is_same_poll && !repeats(&mut done, cx.waker()) {
                now.set(Now::Due { next });
                Turn::default().ends(held.cx, cx.waker());
                return Poll::Pending;
            }
            if held.cx.poll_proceed(cx).is_pending() {
                now.set(Now::Due { next });
                return Poll::Pending;
            }
            let fut = held.start(next);
            now.set(Now::Running { fut });
        }
    }
}

impl<B, G, Bk, D> fmt::Debug for Repeat<B, G, Bk, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Repeat")
    }
}

impl<Bk, D> fmt::Debug for Limits<Bk, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("max_rounds", &self.max_rounds).finish_non_exhaustive()
    }
}
