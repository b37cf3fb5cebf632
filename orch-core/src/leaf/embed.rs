//! A pipeline built elsewhere, as a step.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::build::same::{Are, Same};
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::pipeline::Run;
use crate::run::Step;
use crate::run::{Cx, Here};
use crate::task::IntoFailure;

/// A pipeline as a step of another. It runs under the other's bus and runtime.
pub struct Embed<T, F> {
    inner: T,
    give: F,
    meta: &'static Meta,
}

/// Where a pipeline takes its input, of the type `Takes`.
pub struct Entry<Takes>(PhantomData<fn() -> Takes>);

/// What an embedded pipeline is written in, for messages.
#[derive(Debug)]
pub struct Braces;

/// What is piped can be the input of an embedded pipeline.
#[diagnostic::on_unimplemented(
    message = "the pipeline in these braces takes `{Takes}`, but the step before it gives `{Given}`",
    label = "takes `{Takes}`, given `{Given}`",
    note = "put a step between them, `|x| {{ … }}`"
)]
#[doc(hidden)]
pub trait EntersThem<Given, Takes> {
    /// The value itself.
    fn enter(entry: Entry<Takes>, input: Given, braces: Self) -> Takes
    where
        Self: Sized;
}

#[diagnostic::do_not_recommend]
impl<T, Given, Takes> EntersThem<Given, Takes> for T
where
    Same: Are<Given, Takes>,
{
    #[inline(always)]
    fn enter(_entry: Entry<Takes>, input: Given, _braces: T) -> Takes {
        Same::one(input)
    }
}

impl<T: Run, F> Embed<T, F> {
    /// The step, with the closure that gives the pipeline its input.
    pub(crate) fn new(meta: &'static Meta, inner: T, give: F) -> Self {
        Embed { inner, give, meta }
    }
}

impl<P, E, T, F> Step<P, E> for Embed<T, F>
where
    P: Point,
    E: Failure,
    T: Run,
    T::Error: IntoFailure<E>,
    F: Fn(Entry<T::In>, P::In) -> T::In + Send + Sync,
{
    type Out = T::Out;
    type Asks = T::Asks;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<T::Out, Error<E>>> + Send + 'a {
        EmbedFuture {
            fut: self.inner.__orch_run_within((self.give)(Entry(PhantomData), input), here.embed(self.meta)),
            within: self.meta.parent,
            convert: T::Error::into_failure,
        }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.inner.queue(cx.embed(self.meta))
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
        // Not `fut` last: see `Start` in pipeline.rs on what the last field of a run decides.
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
        this.fut.poll(cx).map_err(|error| error.run_by(this.within.map(Origin::block), *this.convert))
    }
}

impl<T, F> fmt::Debug for Embed<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embed").field("place", &self.meta.place).finish_non_exhaustive()
    }
}

impl<Takes> fmt::Debug for Entry<Takes> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}
