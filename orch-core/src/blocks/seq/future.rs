//! The block `seq`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::blocks::shell::{Block, Held};
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::run::{Cx, finish_block};
use crate::sequence::{Body, Finish, Last};

/// The block `seq`.
#[derive(Debug)]
pub struct Seq<B, F = Last> {
    pub(super) body: B,
    pub(super) finish: F,
}

impl<P, E, B, F> Block<P, E> for Seq<B, F>
where
    P: Point,
    E: Failure,
    B: Body<P, E>,
    F: Finish<B::Slots, <B::Last as Point>::In>,
{
    type Out = F::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a {
        // A coroutine: nothing of it runs before it is polled.
        let Held { cx, guard } = held;
        SeqFuture::<_, R> { fut: self.body.go(scope, input, cx, &self.finish), guard }
    }

    // A coroutine does nothing before it is polled, and a run that is observed has begun when it gets here.
    #[inline(always)]
    fn lazily<Fut: Future + Send>(
        start: impl FnOnce() -> Fut + Send,
    ) -> impl Future<Output = Fut::Output> + Send {
        start()
    }

    fn load(&self) -> Load {
        Load::Row
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
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
