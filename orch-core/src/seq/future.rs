//! The block `seq`, and the sequence without a block that a body of several steps is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::body::{Body, Finish, Last};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::{Cx, finish_block};
use crate::scope::{Point, RefOf};
use crate::step::Step;

/// The block `seq`.
pub struct Seq<B, F = Last> {
    pub(crate) body: B,
    pub(crate) finish: F,
    pub(crate) meta: &'static Meta,
}

impl<P, E, B, F> Step<P, E> for Seq<B, F>
where
    P: Point,
    E: Failure,
    B: Body<P, E>,
    F: Finish<B::Slots, <B::Last as Point>::In>,
{
    type Out = F::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a {
        let (inside, guard) = cx.block(self.meta);
        // A coroutine: nothing of it runs before it is polled.
        SeqFuture::<_, R> { fut: self.body.go(scope, input, inside, &self.finish), guard }
    }

    // A coroutine does nothing before it is polled, and a run that is observed has begun when it gets here.
    #[inline(always)]
    fn run_lazily<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a {
        self.run(scope, input, cx)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

pin_project! {
    struct SeqFuture<Fut, R: Cx> {
        #[pin]
        fut: Fut,
        // Last: a block ends after the steps inside it.
        guard: R::Guard,
    }
}

impl<Fut, T, E, R> Future for SeqFuture<Fut, R>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    E: Failure,
    R: Cx,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let fut = this.fut;
        let result = ready!(R::poll(this.guard, || fut.poll(cx)));
        finish_block::<R, _, _>(this.guard, &result);
        Poll::Ready(result)
    }
}

/// Several steps in the body of another block: a sequence that is no step of its own.
pub struct Sequence<B>(pub B);

impl<P: Point, E: Failure, B: Body<P, E>> Step<P, E> for Sequence<B> {
    type Out = <B::Last as Point>::In;
    type Asks = B::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        self.0.go(scope, input, cx, &Last)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.0.queue(cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
    }
}

impl<B, F> fmt::Debug for Seq<B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}

impl<B> fmt::Debug for Sequence<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sequence")
    }
}
