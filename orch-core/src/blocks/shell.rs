//! What every block is: a step that tells when it starts and ends, waits under its own name, and stands in the graph around
//! the steps inside it. What is a block's own is its options and its future.

use std::fmt;
use std::future::Future;

use crate::build::builder::Builder;
use crate::build::scope::{Point, RefOf, Scope};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::Step;
use crate::run::lazy::Lazy;
use crate::run::{Asks, Cx, Here, finish_block};

/// A block in the text of a pipeline.
pub struct Shell<B> {
    block: B,
    meta: &'static Meta,
}

impl<B> Shell<B> {
    pub(crate) fn new(meta: &'static Meta, block: B) -> Self {
        Shell { block, meta }
    }

    pub(super) fn block(&self) -> &B {
        &self.block
    }

    pub(super) fn meta(&self) -> &'static Meta {
        self.meta
    }
}

/// The point inside a block whose body is given what is piped, once.
pub fn enter<S: Scope, In: Send + 'static, E: Failure, U>(
    builder: &Builder<S, In, E>,
    _usage: U,
) -> (Builder<S, In, E>, ()) {
    (*builder, ())
}

/// What is a block's own.
pub trait Block<P: Point, E: Failure>: Send + Sync {
    /// What it gives when it succeeds.
    type Out: Send + 'static;
    /// Whether a step inside asks for its context.
    type Asks: Asks;
    /// Whether it tells its start itself, by [`Cx::counted`].
    const COUNTS: bool = false;

    /// Runs it once. The execution has begun, and `held` ends it: it is the last field of the future, so that the block ends
    /// after the steps inside.
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a;

    /// The future of a run that has not begun, of what starts it. Here it starts when it is first polled.
    #[inline(always)]
    fn lazily<Fut: Future + Send>(
        start: impl FnOnce() -> Fut + Send,
    ) -> impl Future<Output = Fut::Output> + Send {
        Lazy::Waiting { start }
    }

    /// What it does to the load of a run, by the values that it was given: see [`Load`].
    fn load(&self) -> Load;

    /// Adds the steps inside to a graph.
    fn describe(&self, graph: &mut Describe<'_>);
}

/// One execution of a block. Dropped before it is finished it tells that the block was cancelled, or has failed if a panic left
/// one of its polls.
pub struct Held<R: Cx> {
    /// The run, as the steps inside get it.
    pub(crate) cx: R,
    pub(crate) guard: R::Guard,
}

impl<R: Cx> Held<R> {
    /// The block `B` starts.
    #[inline(always)]
    pub(crate) fn of<P: Point, E: Failure, B: Block<P, E>>(
        here: impl Here<Cx = R>,
        meta: &'static Meta,
    ) -> Self {
        let (cx, guard) = if B::COUNTS { here.block_that_counts(meta) } else { here.block(meta) };
        Held { cx, guard }
    }

    /// Polls inside the block, or calls the user's code for it.
    #[inline(always)]
    pub(crate) fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        R::poll(&mut self.guard, poll)
    }

    /// The block ends with its own result, or that of a step inside.
    #[inline(always)]
    pub(crate) fn finish<T, E: Failure>(&mut self, result: &Result<T, Error<E>>) {
        finish_block::<R, _, _>(&mut self.guard, result);
    }
}

impl<P, E, B> Step<P, E> for Shell<B>
where
    P: Point,
    E: Failure,
    B: Block<P, E>,
{
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let held = Held::of::<P, E, B>(here, self.meta);
        self.block.start(scope, input, held)
    }

    #[inline(always)]
    fn enter_lazily<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        B::lazily(move || self.enter(scope, input, cx))
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, self.block.load(), |graph| self.block.describe(graph));
    }
}

impl<B> fmt::Debug for Shell<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}

impl<R: Cx> fmt::Debug for Held<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}
