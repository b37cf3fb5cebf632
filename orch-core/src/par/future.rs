//! The block `par`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use super::children::Children;
use super::options::OnFailure;
use super::order::Order;
use super::slot::{Picked, Round, Slots};
use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::{Observer, finish_block};
use crate::ready::{Lender, Ready, SWEPT, Turn};
use crate::runtime::Host;
use crate::scope::{Point, RefOf};
use crate::step::Step;

/// The block `par`.
pub struct Par<C, M, F> {
    pub(super) children: C,
    pub(super) limit: usize,
    pub(super) on_failure: PhantomData<M>,
    pub(super) tuple: F,
    pub(super) meta: &'static Meta,
}

impl<P, E, C, M, F, Out> Step<P, E> for Par<C, M, F>
where
    P: Point,
    E: Failure,
    C: Children<P, E, M>,
    M: OnFailure<E>,
    F: Fn(C::Outputs) -> Out + Send + Sync,
    Out: Send + 'static,
{
    type Out = Out;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<Out, Error<E>>> + Send + 'a {
        let (obs, mut guard) = cx.obs.block(self.meta);
        // Takes clones, which is the user's code.
        let inputs = O::poll(&mut guard, || self.children.feed(&mut Some(input)));
        let slots = self.children.slots(0, self.limit, scope, inputs, cx.under(obs));
        let at_once = self.limit.min(C::LEN);
        let ready = (at_once > SWEPT).then(|| Ready::alone(C::LEN));
        ParFuture {
            slots,
            ready,
            tuple: &self.tuple,
            limit: self.limit,
            next: 0,
            order: Order::default(),
            free: self.limit,
            cx: cx.under(obs),
            guard,
        }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.children.describe(graph));
    }
}

pin_project! {
    struct ParFuture<'a, Sl, F, R, O: Observer> {
        #[pin]
        slots: Sl,
        ready: Option<Ready>,
        tuple: &'a F,
        limit: usize,
        next: u32,
        order: Order,
        free: usize,
        cx: Cx<R, O>,
        // Last: a block ends after the steps inside it.
        guard: O::Guard,
    }
}

impl<Sl, F, R, O, Out> Future for ParFuture<'_, Sl, F, R, O>
where
    Sl: Slots<O>,
    F: Fn(Sl::Outputs) -> Out,
    R: Host,
    O: Observer,
{
    type Output = Result<Out, Error<Sl::Error>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut slots = this.slots;
        let result = ready!(O::poll(this.guard, || {
            let mut round = Round {
                obs: this.cx.obs,
                free: *this.free,
                next: *this.next as usize,
                ready: this.ready.as_ref(),
                error: None,
            };
            let polled = drive(slots.as_mut(), *this.limit, &mut round, this.order, this.cx.rt, cx.waker());
            if polled.is_pending() {
                *this.next = round.next as u32;
                *this.free = round.free;
                return Poll::Pending;
            }
            Poll::Ready(match round.error {
                None => Ok((this.tuple)(slots.take())),
                Some(error) => {
                    slots.clear();
                    Err(error)
                }
            })
        }));
        finish_block::<O, _, _>(this.guard, &result);
        Poll::Ready(result)
    }
}

/// Polls the children that were woken, and starts those that wait, until there is no more to do.
#[inline(always)]
fn drive<Sl: Slots<O>, R: Host, O: Observer>(
    mut slots: Pin<&mut Sl>,
    limit: usize,
    round: &mut Round<'_, Sl::Error, O>,
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
                if round.error.is_some() {
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
