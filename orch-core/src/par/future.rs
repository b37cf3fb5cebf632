//! The block `par`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use super::order::Order;
use crate::blocks::peers::{Children, Finish, Picked, Policy, Round, Slots};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::ready::{Lender, Ready, SWEPT, Turn};
use crate::run::{Cx, finish_block};
use crate::scope::{Point, RefOf};
use crate::step::Step;

/// The block `par`.
pub struct Par<C, M, F> {
    pub(crate) children: C,
    pub(crate) limit: usize,
    pub(crate) policy: PhantomData<M>,
    pub(crate) finish: F,
    pub(crate) meta: &'static Meta,
}

/// What `par` gives: a tuple of what is kept, or the error that ended it.
pub struct AllOf<F>(pub(crate) F);

impl<Kept, E, F, Out> Finish<Kept, Error<E>, E> for AllOf<F>
where
    F: Fn(Kept) -> Out + Send + Sync,
    Out: Send + 'static,
{
    type Out = Out;

    #[inline(always)]
    fn all(&self, kept: Kept) -> Result<Out, Error<E>> {
        Ok((self.0)(kept))
    }

    #[inline(always)]
    fn one(&self, error: Error<E>) -> Result<Out, Error<E>> {
        Err(error)
    }
}

impl<P, E, C, M, F> Step<P, E> for Par<C, M, F>
where
    P: Point,
    E: Failure,
    C: Children<P, E, M>,
    M: Policy<E>,
    F: Finish<C::Outputs, C::End, E>,
{
    type Out = F::Out;
    type Asks = C::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a {
        let (inside, mut guard) = cx.block(self.meta);
        // Takes clones, which is the user's code.
        let inputs = R::poll(&mut guard, || self.children.feed(&mut Some(input)));
        let slots = self.children.slots(0, self.limit, scope, inputs, inside);
        let at_once = self.limit.min(C::LEN);
        let ready = (at_once > SWEPT).then(|| Ready::alone(C::LEN));
        ParFuture::<_, _, E, _> {
            slots,
            ready,
            finish: &self.finish,
            error: PhantomData,
            limit: self.limit,
            next: 0,
            order: Order::default(),
            free: self.limit,
            cx: inside,
            guard,
        }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.children.describe(graph));
    }
}

pin_project! {
    struct ParFuture<'a, Sl, F, E, R: Cx> {
        #[pin]
        slots: Sl,
        ready: Option<Ready>,
        finish: &'a F,
        error: PhantomData<fn() -> E>,
        limit: usize,
        next: u32,
        order: Order,
        free: usize,
        cx: R,
        // Last: a block ends after the steps inside it.
        guard: R::Guard,
    }
}

impl<Sl, F, E, R> Future for ParFuture<'_, Sl, F, E, R>
where
    Sl: Slots<R>,
    F: Finish<Sl::Outputs, Sl::End, E>,
    E: Failure,
    R: Cx,
{
    type Output = Result<F::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut slots = this.slots;
        let result = ready!(R::poll(this.guard, || {
            let mut round = Round {
                cx: *this.cx,
                free: *this.free,
                next: *this.next as usize,
                ready: this.ready.as_ref(),
                end: None,
            };
            let polled = drive(slots.as_mut(), *this.limit, &mut round, this.order, *this.cx, cx.waker());
            if polled.is_pending() {
                *this.next = round.next as u32;
                *this.free = round.free;
                return Poll::Pending;
            }
            Poll::Ready(match round.end {
                None => this.finish.all(slots.take()),
                Some(end) => {
                    slots.clear();
                    this.finish.one(end)
                }
            })
        }));
        finish_block::<R, _, _>(this.guard, &result);
        Poll::Ready(result)
    }
}

/// Polls the children that were woken, and starts those that wait, until there is no more to do.
#[inline(always)]
fn drive<Sl: Slots<R>, R: Cx>(
    mut slots: Pin<&mut Sl>,
    limit: usize,
    round: &mut Round<'_, Sl::End, R>,
    order: &mut Order,
    rt: R,
    parent: &Waker,
) -> Poll<()> {
    let mut lender = Lender::new(parent);
    if let Some(ready) = round.ready {
        ready.gate().enter();
    }
    let mut turn = Turn::default();
    // Who woke a block without wakers of its own is not known: all are polled that have not finished.
    let mut woken = u64::MAX;
    if order.is_single() {
        (*order, woken) = order.resume(round.ready, round.next, rt.has_budget());
    }
    loop {
        let groups = match round.ready {
            Some(ready) if !order.is_single() => ready.take_groups(),
            _ => 0,
        };
        for group in 0..Sl::LEN.div_ceil(64) {
            let start = if const { Sl::LEN <= 64 } { 0 } else { group * 64 };
            if let Some(ready) = round.ready {
                woken = if order.is_single() {
                    order.take(ready, start)
                } else if groups >> group & 1 == 1 {
                    ready.take(group)
                } else {
                    0
                };
                turn.polled(woken.count_ones() as usize);
            }
            let bits = woken | Picked::from(start, round.next);
            let picked = Picked { start, bits, lender: &lender };
            // One call for all cases: it is all of the children's code.
            if !slots.as_mut().visit(0, picked, round) {
                if round.end.is_some() {
                    return Poll::Ready(());
                }
                // None of those that follow has started, nor can one have been woken.
                break;
            }
        }
        if round.free == limit {
            return Poll::Ready(());
        }
        if order.is_single() {
            let is_spent = !rt.has_budget();
            (*order, woken) = order.advance(round.ready, round.next, is_spent);
            if woken != 0 {
                continue;
            }
            if order.is_single() {
                turn.ends(rt, parent);
                return Poll::Pending;
            }
        }
        let waits = match round.ready {
            None => {
                woken = lender.take();
                turn.swept();
                woken == 0
            }
            Some(ready) => {
                turn.polled(1);
                !ready.is_marked() && ready.gate().leave(parent, || ready.is_marked())
            }
        };
        if waits || !turn.goes_on(rt, parent) {
            *order = order.leave(rt.has_budget(), turn.is_first_round());
            if !waits {
                turn.ends(rt, parent);
            }
            return Poll::Pending;
        }
    }
}

impl<C, M, F> fmt::Debug for Par<C, M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}

impl<F> fmt::Debug for AllOf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllOf")
    }
}
