//! A task as a step.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::Observer;
use crate::runtime::Host;
use crate::scope::{Point, RefOf, Scope};
use crate::step::Step;
use crate::task::{Call, Fails, Task};

/// A task and the closure that makes its arguments, afresh for each attempt.
pub struct Leaf<F, T, A> {
    pub(crate) call: F,
    pub(crate) meta: &'static Meta,
    pub(crate) task: PhantomData<fn() -> (T, A)>,
}

impl<F, T: Task<A>, A> Leaf<F, T, A> {
    fn origin(&self) -> Origin {
        Origin::task(self.meta, &T::NAME)
    }
}

impl<P, E, F, T, A> Step<P, E> for Leaf<F, T, A>
where
    P: Point,
    E: Failure,
    F: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, P::In) -> Call<T, A> + Send + Sync,
    T: Fails<A, E>,
    // Said of a task by `#[task]` already; where it is not so, this keeps the consequences to one.
    T::Out: Send,
    A: Send,
{
    type Out = T::Out;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<T::Out, Error<E>>> + Send + 'a {
        let mut guard = cx.obs.task(self.meta);
        let fut =
            O::poll_task(&mut guard, || cx.rt.execute::<T, A>(self.origin(), (self.call)(scope, input).args));
        LeafFuture::<_, _, E, O> { fut, leaf: self, error: PhantomData, guard }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(self.origin());
    }
}

pin_project! {
    struct LeafFuture<'a, Fut, L, E, O: Observer> {
        #[pin]
        fut: Fut,
        leaf: &'a L,
        error: PhantomData<fn() -> E>,
        // Last, so that the task is dropped before its end is told.
        guard: O::Guard,
    }
}

impl<Fut, F, T, A, E, O> Future for LeafFuture<'_, Fut, Leaf<F, T, A>, E, O>
where
    Fut: Future<Output = Result<T::Out, ErrorKind<T::Error>>>,
    T: Fails<A, E>,
    E: Failure,
    O: Observer,
{
    type Output = Result<T::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let fut = this.fut;
        match O::poll_task(this.guard, || fut.poll(cx)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(output)) => {
                O::succeed(this.guard, &output, T::debug);
                Poll::Ready(Ok(output))
            }
            Poll::Ready(Err(kind)) => {
                let error = Error::new(kind.map(T::convert), this.leaf.origin());
                O::fail(this.guard, &error);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F, T: Task<A>, A> fmt::Debug for Leaf<F, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin().fmt(f)
    }
}
