//! A closure in the text of the pipeline as a step.
//!
//! Its body may give a plain value or a `Result`, sync or async. The closure passes through the builder first,
//! which fixes its type, and becomes a step once [`select`](super::select) has read off its result.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use super::select::Fits;
use crate::build::same::{Are, Same};
use crate::build::scope::{Point, RefOf, Scope};
use crate::context::Context;
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::node::{HasNode, Origin};
use crate::run::Step;
use crate::run::{Asks, Cx, Here, Inside, No, Undurable, Yes};
use crate::runtime::BoxFuture;
use crate::task::CallOnce;

/// How a closure is called.
pub trait Body<P: Point>: Send + Sync {
    /// What the closure gives in the end.
    type Raw;
    /// Whether it takes a context.
    type Asks: Asks;
    /// Whether it is `async`.
    const WAITS: bool = true;

    /// A future that calls it.
    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        inside: Option<Inside<'a>>,
    ) -> impl Future<Output = Self::Raw> + Send + 'a;
}

/// `|x| { … }`
pub struct SyncBody<F>(pub(crate) F);

impl<P: Point, F, Raw> Body<P> for SyncBody<F>
where
    F: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, P::In) -> Raw + Send + Sync,
{
    type Raw = Raw;
    type Asks = No;
    const WAITS: bool = false;

    #[inline(always)]
    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        _inside: Option<Inside<'a>>,
    ) -> impl Future<Output = Raw> + Send + 'a {
        CallOnce::new(move || (self.0)(scope, input))
    }
}

/// What a message calls an `async` inline step, which may await anything and so is not durable.
#[derive(Debug)]
pub struct AsyncInlineStep;

/// `async |x| { … }` without a name in it.
pub struct AsyncBody<F, Fut>(pub(crate) F, pub(crate) PhantomData<fn() -> Fut>);

impl<P: Point, F, Fut> Body<P> for AsyncBody<F, Fut>
where
    F: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, P::In) -> Fut + Send + Sync,
    Fut: Future + Send,
{
    type Raw = Fut::Output;
    type Asks = Undurable<No, AsyncInlineStep>;

    #[inline(always)]
    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        _inside: Option<Inside<'a>>,
    ) -> impl Future<Output = Fut::Output> + Send + 'a {
        (self.0)(scope, input)
    }
}

/// That captures live for `'c`, and what one run has, its names and its context, for no longer than that: `'e` is part of `'c`.
///
/// An error about what outlives its run shows it.
#[derive(Clone, Copy, Debug)]
pub struct OneRun<'e, 'c>(PhantomData<&'e &'c ()>);

/// `async |x| { … }` with names in it. A future that borrows them has no one type, so it is boxed. It may also borrow
/// captures, which live for `'c`.
pub struct NamedBody<'c, F>(pub(crate) F, pub(crate) PhantomData<&'c ()>);

impl<'c, P: Point, F, Raw: 'static> Body<P> for NamedBody<'c, F>
where
    F: for<'e> Fn(OneRun<'e, 'c>, <P::Scope as Scope>::Ref<'e>, P::In) -> BoxFuture<'e, Raw> + Send + Sync,
{
    type Raw = Raw;
    type Asks = Undurable<No, AsyncInlineStep>;

    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        _inside: Option<Inside<'a>>,
    ) -> impl Future<Output = Raw> + Send + 'a {
        (self.0)(OneRun(PhantomData), scope, input)
    }
}

/// `|x, cx| { … }`
pub struct ContextBody<F, E>(pub(crate) F, pub(crate) PhantomData<fn() -> E>);

impl<P: Point, F, E: Failure, Raw> Body<P> for ContextBody<F, E>
where
    F: for<'e, 'c> Fn(<P::Scope as Scope>::Ref<'e>, P::In, &'c Context<'e, E>) -> Raw + Send + Sync,
{
    type Raw = Raw;
    type Asks = Yes;
    const WAITS: bool = false;

    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        inside: Option<Inside<'a>>,
    ) -> impl Future<Output = Raw> + Send + 'a {
        CallOnce::new(move || (self.0)(scope, input, &Context::new(inside)))
    }
}

/// `async |x, cx| { … }`. Its future borrows the run, and so is boxed, as that of a body with names is. `A` is what it asks.
pub struct AsyncContextBody<'c, F, E, A>(pub(crate) F, pub(crate) PhantomData<(&'c (), fn() -> (E, A))>);

impl<'c, P: Point, F, E: Failure, A: Asks, Raw: 'static> Body<P> for AsyncContextBody<'c, F, E, A>
where
    F: for<'e> Fn(
            OneRun<'e, 'c>,
            <P::Scope as Scope>::Ref<'e>,
            P::In,
            &'e Context<'e, E>,
        ) -> BoxFuture<'e, Raw>
        + Send
        + Sync,
{
    type Raw = Raw;
    type Asks = A;

    #[allow(clippy::manual_async_fn, reason = "`Send` is promised, not found out")]
    fn call<'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        inside: Option<Inside<'a>>,
    ) -> impl Future<Output = Raw> + Send + 'a {
        // The body borrows the context, as a task does: an error about who takes it away then speaks of a parameter.
        async move {
            let context = Context::new(inside);
            (self.0)(OneRun(PhantomData), <P::Scope as Scope>::shorten(scope), input, &context).await
        }
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

impl<B: HasClosure, Raw, How, N> Inline<B, Raw, How, N> {
    /// The closure, to be looked at.
    pub fn __orch_closure(&self) -> &B::Closure {
        self.body.__orch_closure()
    }
}

impl<F, Fut, Raw, How, N> Inline<AsyncBody<F, Fut>, Raw, How, N> {
    /// Never called: the future that the closure makes, to be looked at.
    pub fn __orch_future(&self) -> &Fut {
        unreachable!("the branch is for the types only")
    }
}

/// A body that is a closure.
pub trait HasClosure {
    /// Its type.
    type Closure;

    /// The closure.
    fn __orch_closure(&self) -> &Self::Closure;
}

macro_rules! has_closure {
    ($([$($param:tt)*] $body:ty;)*) => {$(
        impl<$($param)*> HasClosure for $body {
            type Closure = F;

            fn __orch_closure(&self) -> &F {
                &self.0
            }
        }
    )*};
}

has_closure! {
    [F] SyncBody<F>;
    [F, Fut] AsyncBody<F, Fut>;
    [F] NamedBody<'_, F>;
    [F, E] ContextBody<F, E>;
    [F, E, A] AsyncContextBody<'_, F, E, A>;
}

impl<P, E, B, Raw, How, N> Step<P, E> for Inline<B, Raw, How, N>
where
    P: Point,
    E: Failure,
    B: Body<P, Raw = Raw>,
    How: Fits<Raw, E>,
    N: HasNode<P::Scope>,
{
    type Out = How::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<How::Out, Error<E>>> + Send + 'a {
        let (fut, started) = here.task(N::meta(), move |id| {
            let asks = <B::Asks as Asks>::YES;
            let inside = if asks { here.inside(id, Origin::block(N::meta())) } else { None };
            self.body.call(scope, input, inside)
        });
        InlineFuture::<_, Self, P, E, H> { fut, step: PhantomData, guard: here.hold(started) }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(N::meta())
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::block(N::meta()));
        if !B::WAITS {
            graph.at_once();
        }
        if !B::Asks::IS_DURABLE {
            graph.not_durable();
        }
    }
}

pin_project! {
    struct InlineFuture<Fut, L, P, E, H: Here> {
        #[pin]
        fut: Fut,
        step: PhantomData<fn() -> (L, P, E)>,
        // Last, so that the body is dropped before its end is told.
        guard: H::TaskGuard,
    }
}

impl<Fut, B, Raw, How, N, P, E, H> Future for InlineFuture<Fut, Inline<B, Raw, How, N>, P, E, H>
where
    Fut: Future<Output = Raw>,
    How: Fits<Raw, E>,
    How::Out: Any,
    N: HasNode<P::Scope>,
    P: Point,
    E: Failure,
    H: Here,
{
    type Output = Result<How::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let fut = this.fut;
        match H::poll_task(this.guard, || fut.poll(cx).map(How::read)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(output)) => {
                H::succeed_task(this.guard, &output, How::debug);
                Poll::Ready(Ok(output))
            }
            Poll::Ready(Err(error)) => {
                let error = How::fail(error, Origin::block(N::meta()));
                H::fail_task(this.guard, &error);
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

opaque_debug!(SyncBody<F> AsyncBody<F, Fut> ContextBody<F, E> Closure<B, Raw, N> Inline<B, Raw, How, N>);

impl<F, E, A> fmt::Debug for AsyncContextBody<'_, F, E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncContextBody")
    }
}

impl<F> fmt::Debug for NamedBody<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedBody")
    }
}

/// What an annotation says, for messages. (A condition is one of this type, and not of what is annotated: that may not be known yet. It stands last: where it is known first,
/// it tells what is given.)
#[derive(Debug)]
pub struct Annotation;

/// What is piped is what the annotation of an inline step says.
#[diagnostic::on_unimplemented(
    message = "this inline step takes `{Takes}`, but it is given `{Given}`",
    label = "takes `{Takes}`, given `{Given}`",
    note = "the type of what is piped is known: leave the annotation out, or put a step before it that gives a `{Takes}`"
)]
#[doc(hidden)]
pub trait AgreesWith<Given, Takes> {
    /// The value itself.
    fn agree(value: Given, annotation: Self) -> Takes
    where
        Self: Sized;
}

#[diagnostic::do_not_recommend]
impl<T, Given, Takes> AgreesWith<Given, Takes> for T
where
    Same: Are<Given, Takes>,
{
    #[inline(always)]
    fn agree(value: Given, _annotation: T) -> Takes {
        Same::one(value)
    }
}

macro_rules! looks_at {
    ($(#[$doc:meta])* $name:ident, $note:literal) => {
        $(#[$doc])*
        #[diagnostic::on_unimplemented(
            message = "this closure takes `{Takes}`, but it is given `{Given}`",
            label = "is given `{Given}`",
            note = $note
        )]
        #[doc(hidden)]
        pub trait $name<Given, Takes> {
            /// The value itself.
            fn agree(value: Given, annotation: Self) -> Takes
            where
                Self: Sized;
        }

        #[diagnostic::do_not_recommend]
        impl<T, Given, Takes> $name<Given, Takes> for T
        where
            Same: Are<Given, Takes>,
        {
            #[inline(always)]
            fn agree(value: Given, _annotation: T) -> Takes {
                Same::one(value)
            }
        }
    };
}

looks_at! {
    /// What is asked of an error is what the annotation of a predicate says.
    LooksAtError,
    "the type of the error is known: leave it out, `|e| …`, and look inside with `e.downcast_ref::<…>()`"
}

looks_at! {
    /// What a head looks at is what the annotation of its closure says.
    LooksAtPiped,
    "the type of what is piped is known: leave it out"
}

/// What a step gives is what the annotation of its name says.
#[diagnostic::on_unimplemented(
    message = "the name is annotated as `{Annotated}`, but the step gives `{Given}`",
    label = "gives `{Given}`, not `{Annotated}`",
    note = "the step's type is known: leave the annotation out, or write `{Given}`"
)]
#[doc(hidden)]
pub trait NamesWhat<Given, Annotated> {
    /// Nothing.
    fn agree(value: Given, annotation: Self)
    where
        Self: Sized;
}

#[diagnostic::do_not_recommend]
impl<T, Given, Annotated> NamesWhat<Given, Annotated> for T
where
    Same: Are<Given, Annotated>,
{
    fn agree(_value: Given, _annotation: T) {}
}
