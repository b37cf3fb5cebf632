//! The block `choose`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::Arms;
use crate::blocks::shell::{Block, Held};
use crate::build::looks::Look;
use crate::build::scope::{Point, RefOf, Scope};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::run::Cx;

/// The block `choose`.
pub struct Choose<F, V, A> {
    pub(super) scrutinee: Look<F, V>,
    pub(super) arms: A,
}

impl<P, E, F, V, A> Block<P, E> for Choose<F, V, A>
where
    P: Point,
    E: Failure,
    F: for<'e, 'i> Fn(<P::Scope as Scope>::Ref<'e>, &'i P::In) -> (usize, V) + Send + Sync,
    A: Arms<P, V, E>,
{
    type Out = A::Out;
    type Asks = A::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        mut held: Held<R>,
    ) -> impl Future<Output = Result<A::Out, Error<E>>> + Send + 'a {
        let cx = held.cx;
        let fut = held.poll(|| {
            let (chosen, value) = self.scrutinee.at(scope, &input);
            self.arms.start(chosen, scope, value, input, cx)
        });
        ChooseFuture { fut, held }
    }

    fn load(&self) -> Load {
        Load::One
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.arms.describe(graph);
    }
}

pin_project! {
    struct ChooseFuture<Fut, R: Cx> {
        #[pin]
        fut: Fut,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<Fut, T, E, R> Future for ChooseFuture<Fut, R>
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
        let result = ready!(this.held.poll(|| fut.poll(cx)));
        this.held.finish(&result);
        Poll::Ready(result)
    }
}

impl<F, V, A> fmt::Debug for Choose<F, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choose")
    }
}
