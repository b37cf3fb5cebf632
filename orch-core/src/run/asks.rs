//! Whether anything in a pipeline asks which run it is a part of, as a type.

use std::future::Future;

use super::{Full, Given, Quiet, RunState};
use crate::error::Error;
use crate::graph::Graph;
use crate::pipeline::Run;

/// Whether a step, or one inside it, asks for its [`Context`](crate::context::Context).
///
/// A run that nobody watches and nobody asks about is [`Quiet`]. One that is asked about knows itself: a context that did not
/// know its attempt would be right wherever somebody watches, and wrong in production alone.
pub trait Asks: Send + Sync + 'static {
    /// Whether it does.
    const YES: bool;

    /// Whether it or another does.
    type Or<Other: Asks>: Asks;

    /// Runs a pipeline that nobody watches, on tokio.
    fn run<'a, T: Run, G>(
        pipeline: &'a T,
        graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a;
}

/// Nobody asks.
#[derive(Clone, Copy, Debug)]
pub struct No;

/// Somebody does.
#[derive(Clone, Copy, Debug)]
pub struct Yes;

impl Asks for No {
    const YES: bool = false;
    type Or<Other: Asks> = Other;

    #[inline(always)]
    fn run<'a, T: Run, G>(
        pipeline: &'a T,
        _graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a,
    {
        pipeline.run_within(input, Quiet)
    }
}

impl Asks for Yes {
    const YES: bool = true;
    type Or<Other: Asks> = Yes;

    #[allow(clippy::manual_async_fn, reason = "`Send` is promised, not found out")]
    fn run<'a, T: Run, G>(
        pipeline: &'a T,
        graph: G,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a
    where
        G: FnOnce() -> &'a Graph + Send + 'a,
    {
        async move {
            let run = RunState::new(Given::default(), graph());
            pipeline.run_within(input, Full::root(&run)).await
        }
    }
}
