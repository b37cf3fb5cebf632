//! A closure in the text of the pipeline as a step.
//!
//! Its body may give a plain value or a `Result`, sync or async. The closure passes through the token first,
//! which fixes its type, and becomes a step once [`select`](super::select) has read off its result.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::select::Fits;
use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::{Listed, Origin};
use crate::observe::Observer;
use crate::runtime::Host;
use crate::scope::{Point, RefOf, Scope};
use crate::step::Step;
use crate::task::Sync as Once;

/// How a closure is called.
pub trait Body<P: Point>: Send + Sync {
    /// What the closure gives in the end.
    type Raw;

    /// A future that calls it.
    fn call<'a>(&'a self, scope: RefOf<'a, P>, input: P::In) -> impl Future<Output = Self::Raw> + Send + 'a;
}

/// `|x| { … }`
pub struct SyncBody<F>(pub(crate) F);

impl<P: Point, F, Raw> Body<P> for SyncBody<F>
where
    F: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, P::In) -> Raw + Send + Sync,
{
    type Raw = Raw;

    #[inline(always)]
    fn call<'a>(&'a self, scope: RefOf<'a, P>, input: P::In) -> impl Future<Output = Raw> + Send + 'a {
        Once::new(move || (self.0)(scope, input))
    }
}

/// `async |x| { … }` without a name in it.
pub struct AsyncBody<F, Fut>(pub(crate) F, pub(crate) PhantomData<fn() -> Fut>);

impl<P: Point, F, Fut> Body<P> for AsyncBody<F, Fut>
where
    F: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, P::In) -> Fut + Send + Sync,
    Fut: Future + Send,
{
    type Raw = Fut::Output;

    #[inline(always)]
    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
    ) -> impl Future<Output = Fut::Output> + Send + 'a {
        (self.0)(scope, input)
    }
}

/// A future that may borrow names for as long as `'e`.
pub type BoxFuture<'e, T> = Pin<Box<dyn Future<Output = T> + Send + 'e>>;

/// That captures live for `'c`, and names for no longer than that: `'e` is part of `'c`.
pub type Within<'e, 'c> = PhantomData<&'e &'c ()>;

/// `async |x| { … }` with names in it. A future that borrows them has no one type, so it is boxed. It may also borrow
/// captures, which live for `'c`.
pub struct NamedBody<'c, F>(pub(crate) F, pub(crate) PhantomData<&'c ()>);

impl<'c, P: Point, F, Raw: 'static> Body<P> for NamedBody<'c, F>
where
    F: for<'e> Fn(Within<'e, 'c>, <P::Scope as Scope>::Ref<'e>, P::In) -> BoxFuture<'e, Raw> + Send + Sync,
{
    type Raw = Raw;

    fn call<'a>(&'a self, scope: RefOf<'a, P>, input: P::In) -> impl Future<Output = Raw> + Send + 'a {
        (self.0)(PhantomData, scope, input)
    }
}

/// Values that the future of an async body takes over.
///
/// The macro cannot write `async move`, which would take the captures of the surrounding function too. Taking
/// a value out of this wrapper, which is not `Copy`, makes the block own it and leaves the captures alone.
#[derive(Debug)]
pub struct Moved<T>(T);

impl<T> Moved<T> {
    /// Wraps the values.
    #[inline(always)]
    pub fn new(values: T) -> Self {
        Moved(values)
    }

    /// The values.
    #[inline(always)]
    pub fn take(self) -> T {
        self.0
    }
}

/// A closure of a known type, before it is known how its result reads.
pub struct Closure<B, Raw, N> {
    pub(crate) body: B,
    pub(crate) raw: PhantomData<fn() -> (Raw, N)>,
}

/// Never called: says what an async body gives.
pub fn pinned<T, E>() -> Result<T, E> {
    unreachable!("the branch is for the types only")
}

/// Looks at the result, so that an error says where its type is not known.
pub fn result<B, Raw, N>(_closure: &Closure<B, Raw, N>, _look: impl FnOnce(Raw)) {}

/// A stand-in for the result.
#[inline(always)]
pub fn probe<B, Raw, N>(_closure: &Closure<B, Raw, N>) -> super::select::Probe<Raw> {
    super::select::Probe(PhantomData)
}

/// A closure as a step. `How` reads its result.
pub struct Inline<B, Raw, How, N> {
    pub(crate) body: B,
    pub(crate) how: PhantomData<fn() -> (How, Raw, N)>,
}

impl<P, E, B, Raw, How, N> Step<P, E> for Inline<B, Raw, How, N>
where
    P: Point,
    E: Failure,
    B: Body<P, Raw = Raw>,
    How: Fits<Raw, E>,
    N: Listed<P::Scope>,
{
    type Out = How::Out;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<How::Out, Error<E>>> + Send + 'a {
        let mut guard = cx.obs.task(N::meta());
        let fut = O::poll_task(&mut guard, || self.body.call(scope, input));
        InlineFuture::<_, Self, P, E, O> { fut, step: PhantomData, guard }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(N::meta())
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::block(N::meta()));
    }
}

pin_project! {
    struct InlineFuture<Fut, L, P, E, O: Observer> {
        #[pin]
        fut: Fut,
        step: PhantomData<fn() -> (L, P, E)>,
        // Last, so that the body is dropped before its end is told.
        guard: O::Guard,
    }
}

impl<Fut, B, Raw, How, N, P, E, O> Future for InlineFuture<Fut, Inline<B, Raw, How, N>, P, E, O>
where
    Fut: Future<Output = Raw>,
    How: Fits<Raw, E>,
    How::Out: Any,
    N: Listed<P::Scope>,
    P: Point,
    E: Failure,
    O: Observer,
{
    type Output = Result<How::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let fut = this.fut;
        match O::poll_task(this.guard, || fut.poll(cx).map(How::read)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(output)) => {
                O::succeed(this.guard, &output, How::debug);
                Poll::Ready(Ok(output))
            }
            Poll::Ready(Err(error)) => {
                let error = Error::new(ErrorKind::Task(How::convert(error)), Origin::block(N::meta()));
                O::fail(this.guard, &error);
                Poll::Ready(Err(error))
            }
        }
    }
}

macro_rules! opaque_debug {
    ($($name:ident<$($param:ident),*>)*) => {$(
        impl<$($param),*> fmt::Debug for $name<$($param),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

opaque_debug!(SyncBody<F> AsyncBody<F, Fut> Closure<B, Raw, N> Inline<B, Raw, How, N>);

impl<F> fmt::Debug for NamedBody<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedBody")
    }
}

/// What is piped, of the type `Given`, is what the annotation of an inline step says.
#[diagnostic::on_unimplemented(
    message = "this inline step takes `{Takes}`, but it is given `{Given}`",
    label = "takes `{Takes}`, given `{Given}`"
)]
pub trait Accepts<Given, Takes> {
    /// The value itself.
    fn accept(value: Given) -> Takes;
}

/// An inline step with an annotation.
#[derive(Debug)]
pub struct Annotation;

#[diagnostic::do_not_recommend]
impl<T> Accepts<T, T> for Annotation {
    #[inline(always)]
    fn accept(value: T) -> T {
        value
    }
}

/// What a step gives is what the annotation of its name says.
#[diagnostic::on_unimplemented(
    message = "the name is annotated as `{Annotated}`, but the step gives `{Given}`",
    label = "gives `{Given}`, not `{Annotated}`"
)]
pub trait Agrees<Given, Annotated> {}

#[diagnostic::do_not_recommend]
impl<T> Agrees<T, T> for Annotation {}

/// The type that an annotation says. (Its methods know it before they see a value; a function would take the value's.)
#[derive(Debug)]
pub struct Says<T>(PhantomData<fn() -> T>);

/// What an annotation says.
#[inline(always)]
pub fn says<T>() -> Says<T> {
    Says(PhantomData)
}

impl<T> Says<T> {
    /// The value piped into an inline step.
    #[inline(always)]
    pub fn takes<X>(self, value: X) -> T
    where
        Annotation: Accepts<X, T>,
    {
        Annotation::accept(value)
    }

    /// A reference to a value that gets a name.
    pub fn names<X>(self, _value: X)
    where
        Annotation: Agrees<X, T>,
    {
    }
}
