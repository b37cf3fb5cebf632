//! The block `retry`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::budget::RetryBudget;
use super::budget::asks::{self, Answer, Asking};
use super::events::{BudgetSpent, Retrying};
use super::policy::{Decide, Failed};
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::{Given, Predicate};
use crate::build::feed::{Again, Feed};
use crate::build::scope::{At, Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::{Cx, Decision, Step};
use crate::runtime::{BoxFuture, Gatekeeper};
use crate::wake::{Turn, repeats};

/// The block `retry`.
pub struct Retry<B, G, W, A, F> {
    pub(super) body: B,
    pub(super) given: G,
    pub(super) when: W,
    pub(super) retry_after: A,
    pub(super) feed: F,
    pub(super) meta: &'static Meta,
}

impl<P, E, B, G, W, A, F> Block<P, E> for Retry<B, G, W, A, F>
where
    P: Point,
    E: Failure,
    F: Again<P::In>,
    B: Step<At<P::Scope, F::Takes>, E>,
    G: Given<P, Value: Decide>,
    W: Predicate<P::Scope, E>,
    A: Predicate<P::Scope, E, Option<Duration>>,
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
        let Held { cx, mut guard } = held;
        // The clock is a runtime's, which may be the user's.
        let begun = R::poll(&mut guard, || <G::Value as Decide>::start(|| cx.now()));
        let mut held = Attempts::<'a, P, _, G, _, _, _, _, _, R> {
            step: self,
            begun,
            scope,
            seen: self.given.see(scope),
            start: |step: &'a Self, scope, input, cx| step.body.enter(scope, input, cx),
            sleep: |step: &'a Self, cx: R, delay| cx.sleep(delay, Some(Origin::block(step.meta))),
            cx,
            memo: R::Memo::default(),
            guard,
        };
        // What the body does not use of the value is dropped here.
        let kept = R::poll(&mut held.guard, || F::keep(input));
        let (fut, kept) = held.start(kept, 1);
        FutureOf::<
            'a,
            P,
            _,
            G,
            _,
            _,
            F,
            _,
            _,
            R,
            _,
            _,
            <G::Value as Decide>::Asking<'a, NextOf<P, E, F, G::Value>>,
        > {
            now: Now::First { fut, kept },
            held,
        }
    }

    fn load(&self) -> Load {
        let asks = self.meta.options.iter().any(|(name, _)| *name == "retry_after");
        self.given.known().map_or(Load::Unknown, |policy| policy.load(asks))
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// What lasts as long as the block.
struct Attempts<'a, P, B, G, W, A, F, Start, Sleep, R>
where
    P: Point,
    G: Given<P, Value: Decide>,
    R: Cx,
{
    step: &'a Retry<B, G, W, A, F>,
    begun: <G::Value as Decide>::Start,
    scope: RefOf<'a, P>,
    seen: G::Seen<'a>,
    // Functions without size, as the futures that they give have types without names.
    start: Start,
    sleep: Sleep,
    cx: R,
    memo: R::Memo,
    guard: R::Guard,
}

impl<'a, P, B, G, W, A, F, Start, Sleep, R> Attempts<'a, P, B, G, W, A, F, Start, Sleep, R>
where
    P: Point,
    G: Given<P, Value: Decide>,
    F: Again<P::In>,
    R: Cx,
{
    /// Starts an attempt with the piped value. If it may not be the last, that is a clone of it, and the value comes back.
    #[inline(always)]
    fn start<Fut>(&mut self, kept: F::Takes, attempt: u32) -> (Fut, Option<F::Takes>)
    where
        Start: Fn(&'a Retry<B, G, W, A, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    {
        let (step, seen, cx) = (self.step, self.seen, self.cx);
        R::poll(&mut self.guard, || {
            let (input, kept) = if step.given.get(seen).is_last(attempt) {
                (kept, None)
            } else {
                (step.feed.again(&kept), Some(kept))
            };
            ((self.start)(step, self.scope, input, cx.attempt(attempt)), kept)
        })
    }

    /// The error that the block ends with.
    fn ends<E: Failure>(&mut self, mut error: Error<E>, attempts: u32) -> Error<E> {
        error.attempted(attempts);
        R::fail(&mut self.guard, &error);
        error
    }

    /// The same, as the budget allows no other attempt.
    fn is_spent<E: Failure, D, Re>(&mut self, next: Next<F::Takes, D, Re, E>) -> Error<E> {
        let Next { error, later, .. } = next;
        let attempts = later.attempt.saturating_sub(1);
        R::tell(&self.guard, || BudgetSpent { step: error.step(), attempts });
        self.ends(error, attempts)
    }
}

pin_project! {
    #[project = Projected]
    struct RetryFuture<Fut, Timer, K, D, Re, Q, H> {
        #[pin]
        now: Now<Fut, Timer, K, D, Re, Q>,
        // Last: a block ends after the steps inside it.
        held: H,
    }
}

pin_project! {
    /// What is kept of the piped value, `kept`, is `None` in the last attempt.
    #[project = NowProjected]
    #[project_replace = NowReplaced]
    enum Now<Fut, Timer, K, D, Re, Q> {
        /// The first attempt, apart from others so that a run that succeeds at once has little to write down.
        First {
            #[pin]
            fut: Fut,
            kept: Option<K>,
        },
        /// An attempt after a failure.
        Again {
            #[pin]
            fut: Fut,
            kept: Option<K>,
            later: Later<D, Re>,
        },
        /// The runtime asks the budget, in its own time. Without a budget there is nothing of this.
        Asking {
            asking: Q,
        },
        Sleeping {
            #[pin]
            timer: Timer,
            kept: K,
            later: Later<D, Re>,
        },
        /// The next attempt is due, as soon as it is this task's turn.
        Due {
            kept: K,
            later: Later<D, Re>,
        },
        /// On the way from one to another of these.
        Gone,
    }
}

impl<Fut, Timer, K, D, Re: Copy + Default, Q> Now<Fut, Timer, K, D, Re, Q> {
    /// What the budget has to know of the attempts before this one.
    fn reached(&self) -> Re {
        match self {
            Now::Again { later, .. } => later.reached,
            _ => Re::default(),
        }
    }
}

/// What there is to know after a failure.
struct Later<D, Re> {
    /// The attempt under way, or due.
    attempt: u32,
    /// What was done in this poll.
    done: u32,
    delays: D,
    reached: Re,
}

/// What follows a failure, if the budget allows it.
struct Next<K, D, Re, E> {
    error: Error<E>,
    delay: Duration,
    kept: K,
    later: Later<D, Re>,
}

/// What becomes of a failure.
enum Verdict<'a> {
    /// There is no other attempt.
    Over,
    /// There would be one, and the budget has none left.
    Spent,
    /// There is one, which took a token or not.
    Follows(bool),
    Asked(BoxFuture<'a, Answer>),
}

type NextOf<P, E, F, Po> =
    Next<<F as Feed<<P as Point>::In>>::Takes, <Po as Decide>::Delays, <Po as Decide>::Reached, E>;

type FutureOf<'a, P, B, G, W, A, F, Start, Sleep, R, Fut, Timer, Q> = RetryFuture<
    Fut,
    Timer,
    <F as Feed<<P as Point>::In>>::Takes,
    <<G as Given<P>>::Value as Decide>::Delays,
    <<G as Given<P>>::Value as Decide>::Reached,
    Q,
    Attempts<'a, P, B, G, W, A, F, Start, Sleep, R>,
>;

impl<'a, P, E, B, G, W, A, F, Start, Sleep, R, Fut, Timer, Q, T> Future
    for FutureOf<'a, P, B, G, W, A, F, Start, Sleep, R, Fut, Timer, Q>
where
    P: Point,
    E: Failure,
    G: Given<P, Value: Decide>,
    W: Predicate<P::Scope, E>,
    A: Predicate<P::Scope, E, Option<Duration>>,
    F: Again<P::In>,
    Start: Fn(&'a Retry<B, G, W, A, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    Sleep: Fn(&'a Retry<B, G, W, A, F>, R, Duration) -> Timer,
    R: Cx + 'a,
    Fut: Future<Output = Result<T, Error<E>>>,
    Timer: Future<Output = ()>,
    Q: Asking<'a, NextOf<P, E, F, G::Value>>,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Looked up before the loop, not in it, so that a first attempt is polled where it was just started.
        let this = self.as_mut().project();
        let (mut fut, mut held) = match this.now.project() {
            NowProjected::First { fut, .. } | NowProjected::Again { fut, .. } => (fut, this.held),
            _ => {
                if <G::Value as Decide>::COUNTS
                    && let Err(error) = ready!(self.as_mut().poll_asking(cx))
                {
                    return Poll::Ready(Err(error));
                }
                ready!(self.as_mut().poll_next(cx, false))
            }
        };
        loop {
            match ready!(R::poll(&mut held.guard, || fut.poll(cx))) {
                Ok(out) => {
                    let Projected { now, held } = self.project();
                    if <G::Value as Decide>::COUNTS {
                        held.step.given.get(held.seen).succeeded(now.reached(), held.cx);
                    }
                    R::succeed_block(&mut held.guard);
                    return Poll::Ready(Ok(out));
                }
                Err(error) => {
                    if let Err(error) = self.as_mut().wait(error) {
                        return Poll::Ready(Err(error));
                    }
                }
            }
            if <G::Value as Decide>::COUNTS
                && let Err(error) = ready!(self.as_mut().poll_asking(cx))
            {
                return Poll::Ready(Err(error));
            }
            (fut, held) = ready!(self.as_mut().poll_next(cx, true));
        }
    }
}

impl<'a, P, B, G, W, A, F, Start, Sleep, R, Fut, Timer, Q>
    FutureOf<'a, P, B, G, W, A, F, Start, Sleep, R, Fut, Timer, Q>
where
    P: Point,
    G: Given<P, Value: Decide>,
    F: Again<P::In>,
    Start: Fn(&'a Retry<B, G, W, A, F>, RefOf<'a, P>, F::Takes, R) -> Fut,
    Sleep: Fn(&'a Retry<B, G, W, A, F>, R, Duration) -> Timer,
    R: Cx + 'a,
    Timer: Future<Output = ()>,
{
    /// After a failure: waits for the next attempt, or gives the error back if there is none.
    #[cold]
    fn wait<E: Failure>(mut self: Pin<&mut Self>, error: Error<E>) -> Result<(), Error<E>>
    where
        Q: Asking<'a, NextOf<P, E, F, G::Value>>,
        W: Predicate<P::Scope, E>,
        A: Predicate<P::Scope, E, Option<Duration>>,
    {
        let Projected { mut now, held } = self.as_mut().project();
        let (policy, begun, run) = (held.step.given.get(held.seen), held.begun, held.cx);
        let Retry { when, retry_after, meta, .. } = held.step;
        let (may, asks_for) = (when.see(held.scope), retry_after.see(held.scope));
        // What has failed is dropped before anything is waited for, and with it a value that nobody needs any more. All of
        // that may panic, inside the block.
        let (attempt, verdict, next) = R::poll(&mut held.guard, || {
            let (kept, attempt, done, mut delays, reached) = match now.as_mut().project_replace(Now::Gone) {
                NowReplaced::First { kept, .. } => (kept, 1, 0, None, Default::default()),
                NowReplaced::Again { kept, later, .. } => {
                    (kept, later.attempt, later.done, Some(later.delays), later.reached)
                }
                _ => unreachable!("an attempt has just failed"),
            };
            let reached = policy.failed(reached, &error, run);
            let Some(kept) = kept else { return (attempt, Verdict::Over, None) };
            let failed = Failed { start: begun, attempt, error: &error, delays: &mut delays };
            let delay = policy.delay(
                failed,
                |error| when.ask(may, error),
                |error| retry_after.ask(asks_for, error),
                run,
            );
            let (Some(delay), Some(delays)) = (delay, delays) else { return (attempt, Verdict::Over, None) };
            let later = Later { attempt: attempt.saturating_add(1), done, delays, reached };
            let at = (run.attempt(later.attempt), *meta);
            (attempt, ask(policy.asks(reached), at), Some((delay, kept, later)))
        });
        let (Some((delay, kept, later)), false) = (next, matches!(verdict, Verdict::Over)) else {
            return Err(held.ends(error, attempt));
        };
        let next = Next { error, delay, kept, later };
        match verdict {
            Verdict::Asked(answer) => {
                now.set(Now::Asking { asking: Asking::begin(answer, next) });
                Ok(())
            }
            Verdict::Follows(took) => {
                self.follows(next, took);
                Ok(())
            }
            Verdict::Over | Verdict::Spent => Err(held.is_spent(next)),
        }
    }

    /// There is another attempt: waits for it.
    #[cold]
    fn follows<E: Failure>(self: Pin<&mut Self>, next: NextOf<P, E, F, G::Value>, took: bool) {
        let Projected { mut now, held } = self.project();
        let Next { error, delay, kept, mut later } = next;
        later.reached = <G::Value as Decide>::follows(later.reached, took);
        R::tell(&held.guard, || Retrying { step: error.step(), attempt: later.attempt, delay });
        let (run, memo, sleep) = (held.cx, &mut held.memo, &held.sleep);
        held.cx = R::poll(&mut held.guard, || run.after(memo, error));
        now.set(if delay.is_zero() {
            Now::Due { kept, later }
        } else {
            Now::Sleeping { timer: R::poll(&mut held.guard, || sleep(held.step, run, delay)), kept, later }
        });
    }

    /// Waits for the budget's answer, if it is being asked.
    #[cold]
    fn poll_asking<E: Failure>(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error<E>>>
    where
        Q: Asking<'a, NextOf<P, E, F, G::Value>>,
    {
        let Projected { now, held } = self.as_mut().project();
        let NowProjected::Asking { asking } = now.project() else { return Poll::Ready(Ok(())) };
        let (answer, next) = ready!(R::poll(&mut held.guard, || asking.poll(cx)));
        Poll::Ready(match answer {
            Ok(token) => {
                self.follows(next, token.is_some());
                Ok(())
            }
            Err(_) => Err(held.is_spent(next)),
        })
    }

    /// Waits for the next attempt and starts it. Whether it is the same poll in which the last one failed is what
    /// `is_same_poll` says.
    #[cold]
    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        is_same_poll: bool,
    ) -> Poll<(Pin<&mut Fut>, &mut Attempts<'a, P, B, G, W, A, F, Start, Sleep, R>)> {
        let Projected { mut now, held } = self.project();
        if let NowProjected::Sleeping { timer, .. } = now.as_mut().project() {
            ready!(R::poll(&mut held.guard, || timer.poll(cx)));
            if let NowReplaced::Sleeping { kept, later, .. } = now.as_mut().project_replace(Now::Gone) {
                now.set(Now::Due { kept, later });
            }
        }
        if let NowProjected::Due { later, .. } = now.as_mut().project() {
            if !is_same_poll {
                later.done = 0;
            } else if !repeats(&mut later.done, cx.waker()) {
                Turn::default().ends(held.cx, cx.waker());
                return Poll::Pending;
            }
            ready!(held.cx.poll_proceed(cx));
            if let NowReplaced::Due { kept, later } = now.as_mut().project_replace(Now::Gone) {
                let (fut, kept) = held.start(kept, later.attempt);
                now.set(Now::Again { fut, kept, later });
            }
        }
        match now.project() {
            NowProjected::Again { fut, .. } => Poll::Ready((fut, held)),
            _ => unreachable!("a future is not polled again after it has ended"),
        }
    }
}

/// Whether another attempt may be made, which `at` is, as far as its budget has to be asked.
fn ask<'a, R: Cx + 'a>(budget: Option<&'a RetryBudget>, (run, meta): (R, &'static Meta)) -> Verdict<'a> {
    let Some(budget) = budget else { return Verdict::Follows(false) };
    let keeper = Gatekeeper::Budget(budget);
    match run.admit(meta, keeper) {
        None if asks::take(budget, run, meta).is_ok() => Verdict::Follows(true),
        None | Some(Decision::Reject(_)) => Verdict::Spent,
        Some(Decision::Pass) => Verdict::Follows(false),
        Some(Decision::Arrive) => Verdict::Asked(run.arrive(meta, keeper, asks::later(budget, run, meta))),
    }
}

impl<B, G, W, A, F> fmt::Debug for Retry<B, G, W, A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Retry")
    }
}
