//! The trait that every combinator is.

use std::future::Future;

use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::run::lazy::Lazy;
use crate::run::{Asks, Cx, Here};

/// A step that stands at the point `P` of a pipeline with the error type `E`.
///
/// Generic over the runtime and the observer at the call, not in the type: one pipeline serves any of them.
/// The explicit `Send` lets generic code box and spawn a run, and puts the error for a task that is not `Send`
/// at the task.
pub trait Step<P: Point, E: Failure>: Send + Sync {
    /// What it gives when it succeeds.
    type Out: Send + 'static;
    /// Whether it, or a step inside it, asks for its context.
    type Asks: Asks;

    /// Runs it once.
    // Not called `run`: the compiler would propose this trait too where a type has no `run`.
    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a;

    /// As [`enter`](Step::enter), but nothing happens before the future is polled. For the outermost step: those inside are
    /// polled as soon as they run.
    #[inline(always)]
    fn enter_lazily<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        Lazy::Waiting { start: move || self.enter(scope, input, cx) }
    }

    /// Reports that a start of the step waits, behind a limit for example.
    fn queue<R: Cx>(&self, cx: R) -> R::Queued;

    /// Adds the step and the steps inside it to a graph, in the order of the text.
    fn describe(&self, graph: &mut Describe<'_>);
}
