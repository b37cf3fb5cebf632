//! A task as a step.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::build::scope::{Point, RefOf, Scope};
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::{HasNode, Origin};
use crate::run::{Asks, Cx, Here, Step};
use crate::task::{Call, Fails, Task};

/// A task and the closure that makes its arguments, afresh for each attempt.
pub struct Leaf<F, T, A, N> {
    pub(crate) call: F,
    pub(crate) task: PhantomData<fn() -> (T, A, N)>,
}

impl<F, T, A, N> Leaf<F, T, A, N> {
    /// What makes the arguments, to be looked at.
    pub fn __orch_closure(&self) -> &F {
        &self.call
    }
}

impl<P, E, F, T, A, N> Step<P, E> for Leaf<F, T, A, N>
where
    P: Point,
    E: Failure,
    F: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, P::In) -> Call<T, A> + Send + Sync,
    T: Fails<A, E, Out: Send, Error: Send>,
    N: HasNode<P::Scope>,
{
    type Out = T::Out;
    type Asks = T::Asks;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<T::Out, Error<E>>> + Send + 'a {
        // To make the arguments is the user's code. To make the call of them is not, and a future is not handed through what catches
        // panics, which would copy it in pieces.
        let ((args, fingerprint), started) = here.task(N::meta(), move |_| {
            let args = (self.call)(scope, input).args;
            let fingerprint = here.fingerprint::<T, A>(&args);
            (args, fingerprint)
        });
        let origin = Origin::task(N::meta(), &T::NAME);
        let fut = here.execute::<T, A>(H::execution(&started), origin, args, fingerprint);
        LeafFuture::<_, Self, P, E, H> { fut, leaf: PhantomData, guard: here.hold(started) }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(N::meta())
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::task(N::meta(), &T::NAME));
        if !T::Asks::IS_DURABLE {
            graph.not_durable();
        }
    }
}

pin_project! {
    struct LeafFuture<Fut, L, P, E, H: Here> {
        #[pin]
        fut: Fut,
        leaf: PhantomData<fn() -> (L, P, E)>,
        // Last, so that the task is dropped before its end is told.
        guard: H::TaskGuard,
    }
}

impl<Fut, F, T, A, N, P, E, H> Future for LeafFuture<Fut, Leaf<F, T, A, N>, P, E, H>
where
    Fut: Future<Output = Result<T::Out, ErrorKind<T::Error>>>,
    T: Fails<A, E>,
    N: HasNode<P::Scope>,
    P: Point,
    E: Failure,
    H: Here,
{
    type Output = Result<T::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let fut = this.fut;
        match H::poll_task(this.guard, || fut.poll(cx)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(output)) => {
                H::succeed_task(this.guard, &output, T::debug);
                Poll::Ready(Ok(output))
            }
            Poll::Ready(Err(kind)) => {
                let error = Error::of(kind.map(T::convert), Origin::task(N::meta(), &T::NAME));
                H::fail_task(this.guard, &error);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F, T: Task<A>, A, N> fmt::Debug for Leaf<F, T, A, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }
}
