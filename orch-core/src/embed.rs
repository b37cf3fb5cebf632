//! A pipeline built elsewhere, as a step.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::Meta;
use crate::observe::Observer;
use crate::pipeline::Run;
use crate::runtime::Host;
use crate::scope::{Point, RefOf, Scope};
use crate::step::Step;
use crate::task::{FlowsInto, IntoFailure};
use crate::token::Tok;

/// A pipeline as a step of another. It runs under the other's bus and runtime.
pub struct Embed<T, X, E> {
    inner: T,
    convert: fn(X) -> E,
    meta: &'static Meta,
    error: PhantomData<fn() -> X>,
}

impl<S: Scope, In: Send + 'static, E: Failure> Tok<S, In, E> {
    /// An embedded pipeline.
    pub fn embed<T: Run>(&self, meta: &'static Meta, inner: T) -> Embed<T, T::Error, E>
    where
        In: FlowsInto<T::In, T>,
        T::Error: IntoFailure<E>,
    {
        Embed { inner, convert: T::Error::into_failure, meta, error: PhantomData }
    }
}

impl<P, E, T> Step<P, E> for Embed<T, T::Error, E>
where
    P: Point<In = T::In>,
    E: Failure,
    T: Run,
{
    type Out = T::Out;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<T::Out, Error<E>>> + Send + 'a {
        EmbedFuture {
            fut: self.inner.run_within(input, cx.under(cx.obs.embed(self.meta))),
            within: self.meta.parent,
            convert: self.convert,
        }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        self.inner.queue(obs.embed(self.meta))
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.embed(self.meta, |graph| self.inner.describe(graph));
    }
}

pin_project! {
    struct EmbedFuture<Fut, X, E> {
        #[pin]
        fut: Fut,
        within: Option<&'static Meta>,
        convert: fn(X) -> E,
    }
}

impl<Fut, T, X, E> Future for EmbedFuture<Fut, X, E>
where
    Fut: Future<Output = Result<T, Error<X>>>,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.fut.poll(cx).map_err(|error| error.embed(*this.within, *this.convert))
    }
}

impl<T, X, E> fmt::Debug for Embed<T, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embed").field("place", &self.meta.place).finish_non_exhaustive()
    }
}
