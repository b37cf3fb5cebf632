//! The block `par`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::children::Children;
use super::options::OnFailure;
use super::slot::{Round, Slots};
use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::{Observer, finish_block};
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
        ParFuture {
            slots,
            tuple: &self.tuple,
            limit: self.limit,
            next: 0,
            running: 0,
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
        tuple: &'a F,
        limit: usize,
        next: usize,
        running: usize,
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
                cx,
                limit: *this.limit,
                next: *this.next,
                running: *this.running,
                picked: u64::MAX,
                start: 0,
                error: None,
            };
            while round.start < Sl::LEN {
                if !slots.as_mut().visit(0, &mut round) {
                    slots.clear();
                    return Poll::Ready(Err(round.error.expect("a round that fails has an error")));
                }
                round.start += 64;
            }
            *this.next = round.next;
            *this.running = round.running;
            if round.running > 0 {
                return Poll::Pending;
            }
            Poll::Ready(Ok((this.tuple)(slots.take())))
        }));
        finish_block::<O, _, _>(this.guard, &result);
        Poll::Ready(result)
    }
}

impl<C, M, F> fmt::Debug for Par<C, M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}
