//! The block `each`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::outputs::Outputs;
use super::slab::Slab;
use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::{Observer, finish_block};
use crate::par::OnFailure;
use crate::runtime::Host;
use crate::scope::{At, Point, RefOf};
use crate::step::Step;

/// The block `each`.
pub struct Each<In, Iter, M, B> {
    pub(super) body: B,
    pub(super) unpack: fn(In) -> Iter,
    pub(super) limit: usize,
    pub(super) on_failure: PhantomData<M>,
    pub(super) meta: &'static Meta,
}

impl<P, E, Iter, M, B> Step<P, E> for Each<P::In, Iter, M, B>
where
    P: Point,
    E: Failure,
    Iter: Iterator<Item: Send + 'static> + Send + 'static,
    M: OnFailure<E>,
    B: Step<At<P::Scope, Iter::Item>, E>,
{
    type Out = Vec<M::Kept<B::Out>>;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        let (obs, mut guard) = cx.obs.block(self.meta);
        let items = O::poll(&mut guard, || (self.unpack)(input));
        let start = move |obs, item| self.body.run(scope, item, cx.under(obs));
        let (least, most) = items.size_hint();
        let limit = self.limit.min(most.unwrap_or(usize::MAX));
        let _ = least;
        EachFuture::<_, _, _, _, M, _, O> {
            runs: Slab::new(limit.min(1024)),
            outputs: Outputs::with_capacity(least.min(4096)),
            items: Some(items),
            start,
            started: 0,
            limit,
            cx: cx.under(obs),
            on_failure: PhantomData,
            guard,
        }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

pin_project! {
    struct EachFuture<Iter, Start, Fut, T, M, R, O>
    where
        O: Observer,
    {
        // First: the body may hold what the items came from.
        runs: Slab<Fut>,
        outputs: Outputs<T>,
        items: Option<Iter>,
        start: Start,
        started: usize,
        limit: usize,
        cx: Cx<R, O>,
        on_failure: PhantomData<M>,
        // Last: a block ends after the steps inside it.
        guard: O::Guard,
    }
}

impl<Iter, Start, Fut, T, E, M, R, O> Future for EachFuture<Iter, Start, Fut, M::Kept<T>, M, R, O>
where
    Iter: Iterator,
    Start: Fn(O, Iter::Item) -> Fut,
    Fut: Future<Output = Result<T, Error<E>>>,
    T: Send + 'static,
    E: Failure,
    M: OnFailure<E>,
    R: Host,
    O: Observer,
{
    type Output = Result<Vec<M::Kept<T>>, Error<E>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        let result = ready!(O::poll(this.guard, || {
            for index in 0..this.runs.len() {
                if let Poll::Ready((item, result)) = this.runs.poll(index, cx) {
                    match M::keep(result) {
                        Ok(kept) => this.outputs.put(item, kept),
                        Err(error) => {
                            this.runs.clear();
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            }
            while let Some(items) = this.items
                && this.runs.running() < *this.limit
                && !this.runs.is_full()
            {
                ready!(this.cx.rt.poll_proceed(cx));
                let Some(item) = items.next() else {
                    *this.items = None;
                    break;
                };
                let index = *this.started;
                let run = (this.start)(this.cx.obs.item(index as u64), item);
                *this.started += 1;
                let place = this.runs.insert(index, run);
                if let Poll::Ready((item, result)) = this.runs.poll(place, cx) {
                    match M::keep(result) {
                        Ok(kept) => this.outputs.put(item, kept),
                        Err(error) => {
                            this.runs.clear();
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            }
            if this.runs.running() > 0 {
                return Poll::Pending;
            }
            Poll::Ready(Ok(this.outputs.take()))
        }));
        finish_block::<O, _, _>(this.guard, &result);
        Poll::Ready(result)
    }
}

impl<In, Iter, M, B> fmt::Debug for Each<In, Iter, M, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}
