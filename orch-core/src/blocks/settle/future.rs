//! The block `settle`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::blocks::shell::{Block, Held};
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::run::Cx;
use crate::run::Step;

/// The block `settle`.
#[derive(Debug)]
pub struct Settle<B> {
    pub(super) body: B,
}

impl<P: Point, E: Failure, B: Step<P, E>> Block<P, E> for Settle<B> {
    type Out = Result<B::Out, Error<E>>;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        mut held: Held<R>,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        let cx = held.cx;
        let fut = held.poll(|| self.body.enter(scope, input, cx));
        SettleFuture { fut, held }
    }

    fn load(&self) -> Load {
        Load::Apart
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

pin_project! {
    struct SettleFuture<Fut, R: Cx> {
        #[pin]
        fut: Fut,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<Fut, T, E, R> Future for SettleFuture<Fut, R>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    E: Failure,
    R: Cx,
{
    type Output = Result<Result<T, Error<E>>, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let fut = this.fut;
        let settled = Ok(ready!(this.held.poll(|| fut.poll(cx))));
        this.held.finish(&settled);
        Poll::Ready(settled)
    }
}
