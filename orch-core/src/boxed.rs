//! How a pipeline runs whose type is erased. The type itself stands beside [`Run`], since [`Run::boxed`] gives one.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;

use crate::bus::Bus;
use crate::error::{Error, Failure};
use crate::graph::{Describe, Graph};
use crate::pipeline::{BoxPipeline, Erased, On, Outcome, Outside, Pipeline, Run};
use crate::run::lazy::Lazy;
use crate::run::{Cx, Full, Queued, Quiet, Yes};
use crate::runtime::{BoxFuture, Runtime};

impl<T: Run> Erased<T::In, T::Out, T::Error> for T {
    fn run(&self, input: T::In) -> Outcome<'_, T::Out, T::Error> {
        Box::pin(Run::run(self, input))
    }

    fn __orch_run_given<'a>(&'a self, outside: Outside<'a>, input: T::In) -> Outcome<'a, T::Out, T::Error> {
        Run::__orch_run_given(self, outside, input)
    }

    fn run_quietly(&self, input: T::In) -> Outcome<'_, T::Out, T::Error> {
        Box::pin(Run::__orch_run_within(self, input, Quiet))
    }

    fn __orch_run_within<'a>(&'a self, input: T::In, cx: Full<'a>) -> Outcome<'a, T::Out, T::Error> {
        Box::pin(Run::__orch_run_within(self, input, cx))
    }

    fn queue<'b>(&self, cx: Full<'b>) -> Queued<'b> {
        Run::queue(self, cx)
    }

    fn graph(&self) -> Graph {
        Run::graph(self)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        Run::describe(self, graph);
    }
}

impl<'p, In: Send + 'static, Out: Send + 'static, E: Failure> BoxPipeline<'p, In, Out, E> {
    /// Runs it once; see [`Run::run`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run(&self, input: In) -> BoxFuture<'_, Result<Out, Error<E>>> {
        self.0.run(input)
    }

    /// Runs it once under a key; see [`Run::run_as`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run_as<'a>(
        &'a self,
        key: impl Into<Cow<'a, str>>,
        input: In,
    ) -> BoxFuture<'a, Result<Out, Error<E>>> {
        Run::run_as(self, key, input)
    }

    /// The steps as a graph.
    #[must_use]
    pub fn graph(&self) -> Graph {
        self.0.graph()
    }

    /// The pipeline on another runtime than tokio; see [`Run::on`].
    pub fn on<'a>(&'a self, runtime: &'a dyn Runtime) -> On<'a, Self> {
        Run::on(self, runtime)
    }

    /// The same pipeline, its circuits kept, with its runs observed by `bus` instead of its own.
    pub fn with_bus<B: Bus>(self, bus: B) -> Pipeline<Self, B> {
        Run::with_bus(self, bus)
    }

    /// The pipeline itself: it is boxed already.
    pub fn boxed(self) -> Self {
        self
    }
}

/// As a step of another pipeline it runs under the bus and the runtime of that, as every pipeline does; its own bus takes the
/// events of its own runs alone.
#[diagnostic::do_not_recommend]
impl<In: Send + 'static, Out: Send + 'static, E: Failure> Run for BoxPipeline<'_, In, Out, E> {
    type In = In;
    type Out = Out;
    type Error = E;
    type Asks = Yes;

    fn run(&self, input: In) -> impl Future<Output = Result<Out, Error<E>>> + Send {
        self.0.run(input)
    }

    fn graph(&self) -> Graph {
        self.0.graph()
    }

    fn __orch_run_within<'a, R: Cx + 'a>(
        &'a self,
        input: In,
        cx: R,
    ) -> impl Future<Output = Result<Out, Error<E>>> + Send + 'a {
        let start = move || match cx.full() {
            None => self.0.run_quietly(input),
            Some(cx) => self.0.__orch_run_within(input, cx),
        };
        Lazy::Waiting { start }
    }

    fn __orch_run_given<'a>(&'a self, outside: Outside<'a>, input: In) -> Outcome<'a, Out, E> {
        self.0.__orch_run_given(outside, input)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue_full(|cx| self.0.queue(cx))
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
    }
}

impl<In, Out, E> fmt::Debug for BoxPipeline<'_, In, Out, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxPipeline {{\n{}\n}}", self.0.graph())
    }
}
