//! What the steps of a pipeline ask of the run that they are a part of, as a type.

use std::future::Future;
use std::marker::PhantomData;

use super::{Counts, Full, Given, Quiet, RunState};
use crate::error::Error;
use crate::graph::Graph;
use crate::pipeline::Run;

/// Whether a step, or one inside it, asks for its [`Context`](crate::context::Context), and whether it asks to come to its end.
///
/// A run that nobody watches and nobody asks about is [`Quiet`]. One that is asked about knows itself: a context that did not
/// know its attempt would be right wherever somebody watches, and wrong in production alone.
///
/// What asks to come to its end has things to undo: no block around it drops it.
pub trait Asks: Send + Sync + 'static {
    /// Whether it asks for its context.
    const YES: bool;
    /// Whether it asks to come to its end.
    const TO_END: bool;
    /// Whether all of it can be kept.
    const IS_DURABLE: bool;

    /// What it or another asks.
    type Or<Other: Asks>: Asks;
    /// And for its context.
    type AndContext: Asks;
    /// And to come to its end.
    type AndEnd: Asks;
    /// And not to be kept, as the step `Who` is not durable.
    type AndUndurable<Who: 'static>: Asks;

    /// The first step that is not durable, as a type that a message shows; [`Kept`] if there is none.
    type Undurable;

    /// Runs a pipeline that nobody watches, on tokio.
    fn run_unwatched<'a, T: Run, G>(
        pipeline: &'a T,
        graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a;
}

/// In a durable run everything can be kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept;

/// Somebody is not durable, and the first of them is `Who`; besides `A`, which is neither this nor `ToEnd`.
#[derive(Debug)]
pub struct Undurable<A, Who>(PhantomData<fn() -> (A, Who)>);

/// Nobody asks for anything.
#[derive(Clone, Copy, Debug)]
pub struct No;

/// Somebody asks for a context.
#[derive(Clone, Copy, Debug)]
pub struct Yes;

/// Somebody asks to come to its end, besides `A`.
#[derive(Debug)]
pub struct ToEnd<A>(PhantomData<fn() -> A>);

impl Asks for No {
    const YES: bool = false;
    const TO_END: bool = false;
    const IS_DURABLE: bool = true;
    type Or<Other: Asks> = Other;
    type AndContext = Yes;
    type AndEnd = ToEnd<No>;
    type AndUndurable<Who: 'static> = Undurable<No, Who>;
    type Undurable = Kept;

    #[inline(always)]
    fn run_unwatched<'a, T: Run, G>(
        pipeline: &'a T,
        _graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a,
    {
        pipeline.__orch_run_within(input, Quiet)
    }
}

impl Asks for Yes {
    const YES: bool = true;
    const TO_END: bool = false;
    const IS_DURABLE: bool = true;
    type Or<Other: Asks> = Other::AndContext;
    type AndContext = Yes;
    type AndEnd = ToEnd<Yes>;
    type AndUndurable<Who: 'static> = Undurable<Yes, Who>;
    type Undurable = Kept;

    #[allow(clippy::manual_async_fn, reason = "`Send` is promised, not found out")]
    fn run_unwatched<'a, T: Run, G>(
        pipeline: &'a T,
        graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a,
    {
        async move {
            let counts = Counts::default();
            let run = RunState::new(Given::default(), graph(), &counts);
            pipeline.__orch_run_within(input, Full::root(&run)).await
        }
    }
}

impl<A: Asks> Asks for ToEnd<A> {
    const YES: bool = A::YES;
    const TO_END: bool = true;
    const IS_DURABLE: bool = A::IS_DURABLE;
    type Or<Other: Asks> = <A::Or<Other> as Asks>::AndEnd;
    type AndContext = ToEnd<A::AndContext>;
    type AndEnd = ToEnd<A>;
    type AndUndurable<Who: 'static> = ToEnd<A::AndUndurable<Who>>;
    type Undurable = A::Undurable;

    #[inline(always)]
    fn run_unwatched<'a, T: Run, G>(
        pipeline: &'a T,
        graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a,
    {
        A::run_unwatched(pipeline, graph, input)
    }
}

impl<A: Asks, Who: 'static> Asks for Undurable<A, Who> {
    const YES: bool = A::YES;
    const TO_END: bool = A::TO_END;
    const IS_DURABLE: bool = false;
    // Whatever the other is, this is the first.
    type Or<Other: Asks> = <A::Or<Other> as Asks>::AndUndurable<Who>;
    type AndContext = Undurable<A::AndContext, Who>;
    type AndEnd = ToEnd<Undurable<A, Who>>;
    type AndUndurable<Earlier: 'static> = Undurable<A, Earlier>;
    type Undurable = Who;

    #[inline(always)]
    fn run_unwatched<'a, T: Run, G>(
        pipeline: &'a T,
        graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a,
    {
        A::run_unwatched(pipeline, graph, input)
    }
}
