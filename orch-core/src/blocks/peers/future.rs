//! A block of peers: its future polls those that were woken.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use super::order::Order;
use super::{Children, Finish, Limit, Pass, Policy, Selection, Slots};
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Bound, Describe, Load};
use crate::run::{Asks, Cx};
use crate::wake::{InlineWakers, SWEEP_MAX, Turn, WakeSet};

/// Peers at once, at most so many, whose results become what `finish` makes of them.
#[derive(Debug)]
pub struct Peers<C, G, F> {
    children: C,
    limit: G,
    finish: F,
}

impl<C, G, F> Peers<C, G, F> {
    pub(crate) fn new(children: C, limit: G, finish: F) -> Self {
        Peers { children, limit, finish }
    }
}

impl<P, E, C, G, M, F> Block<P, E> for Peers<C, G, F>
where
    P: Point,
    E: Failure,
    G: Given<P, Value = Limit<M>>,
    C: Children<P, E, M>,
    M: Policy<E>,
    F: Finish<C::Outputs, C::End, E>,
{
    type Out = F::Out;
    type Asks = C::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        mut held: Held<R>,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a {
        // Takes clones, which is the user's code.
        let inputs = held.poll(|| self.children.feed(&mut Some(input)));
        let limit = self.limit.get(self.limit.see(scope)).limit;
        let slots = self.children.slots(0, limit, scope, inputs, held.cx);
        let at_once = limit.min(C::LEN);
        let ready = (at_once > SWEEP_MAX).then(|| WakeSet::alone(C::LEN));
        PeersFuture::<_, _, E, C::Late, C::Asks, _> {
            slots,
            ready,
            finish: &self.finish,
            error: PhantomData,
            limit,
            next: 0,
            order: Order::default(),
            free: limit,
            late: C::Late::default(),
            asks: PhantomData,
            held,
        }
    }

    fn load(&self) -> Load {
        match self.limit.known() {
            Some(limit) => Load::peers(limit.bound()),
            None => Load::Peers { limit: Bound::NONE, lets: 1 },
        }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.children.describe(graph);
    }
}

pin_project! {
    struct PeersFuture<'a, Sl, F, E, Late, A, R: Cx> {
        #[pin]
        slots: Sl,
        ready: Option<WakeSet>,
        finish: &'a F,
        error: PhantomData<fn() -> E>,
        limit: usize,
        next: u32,
        order: Order,
        free: usize,
        late: Late,
        asks: PhantomData<A>,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<Sl, F, E, A, R> Future for PeersFuture<'_, Sl, F, E, Sl::Late, A, R>
where
    A: Asks,
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
        let run = this.held.cx;
        let result = ready!(this.held.poll(|| {
            let mut round = Pass {
                cx: run,
                free: *this.free,
                next: *this.next as usize,
                ready: this.ready.as_ref(),
                end: Sl::late(this.late).and_then(Option::take),
                drains: Sl::DRAINS.is::<A>(),
            };
            let polled = drive(slots.as_mut(), *this.limit, &mut round, this.order, run, cx.waker());
            if polled.is_pending() {
                *this.next = round.next as u32;
                *this.free = round.free;
                if let Some(late) = Sl::late(this.late) {
                    *late = round.end;
                }
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
        this.held.finish(&result);
        Poll::Ready(result)
    }
}

/// Polls the children that were woken, and starts those that wait, until there is no more to do.
#[inline(always)]
fn drive<Sl: Slots<R>, R: Cx>(
    mut slots: Pin<&mut Sl>,
    limit: usize,
    round: &mut Pass<'_, Sl::End, R>,
    order: &mut Order,
    rt: R,
    parent: &Waker,
) -> Poll<()> {
    let mut wakers = InlineWakers::new(parent);
    if let Some(ready) = round.ready {
        ready.parent().enter();
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
            let bits = woken | Selection::from(start, round.next);
            let picked = Selection { start, bits, wakers: &wakers };
            // One call for all cases: it is all of the children's code.
            if !slots.as_mut().visit(0, picked, round) {
                if round.end.is_some() && !(Sl::DRAINS.may() && round.drains) {
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
                woken = wakers.take();
                turn.swept();
                woken == 0
            }
            Some(ready) => {
                turn.polled(1);
                !ready.is_marked() && ready.parent().leave(parent, || ready.is_marked())
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
