//! The value that `pipeline!` evaluates to, and how it is run.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use crate::boxed::BoxPipeline;
use crate::bus::{Bus, Drive, NoBus};
use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::graph::{Describe, Graph};
use crate::observe::Observer;
use crate::runtime::{Host, Local, Runtime};

/// Everything that can be run as a pipeline: a [`Pipeline`], a reference to one, an `Arc` of one.
///
/// A function can return `impl Run<In = u32, Out = String, Error = BoxError>` without naming a combinator, be
/// generic over it, and spawn its runs.
///
/// ```
/// use std::sync::Arc;
/// use async_orch::{BoxError, Run, pipeline, task};
///
/// #[task]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// fn quadruple() -> impl Run<In = u64, Out = u64, Error = BoxError> + 'static {
///     pipeline! { |_: u64| seq < double double > }
/// }
///
/// async fn spawned<P>(pipeline: Arc<P>, input: u64) -> u64
/// where
///     P: Run<In = u64, Out = u64, Error = BoxError> + 'static,
/// {
///     let run = tokio::spawn(async move { pipeline.run(input).await });
///     run.await.unwrap().unwrap()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(spawned(Arc::new(quadruple()), 3).await, 12);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a pipeline",
    label = "not a pipeline, nor a reference, `Box` or `Arc` of one"
)]
#[must_use = "a pipeline does nothing until it is run"]
pub trait Run: Send + Sync {
    /// The input.
    type In: Send + 'static;
    /// The output of a run that succeeds.
    type Out: Send + 'static;
    /// The error type of a run that fails.
    type Error: Failure;

    /// Runs it once. Nothing happens before the future is polled; dropping it cancels everything inside.
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    fn run(&self, input: Self::In) -> impl Future<Output = Result<Self::Out, Error<Self::Error>>> + Send;

    /// The steps as a graph.
    #[must_use]
    fn graph(&self) -> Graph {
        Graph::of(|graph| self.describe(graph))
    }

    /// The same pipeline, its circuits kept, with its runs observed by `bus`.
    fn with_bus<B: Bus>(self, bus: B) -> Pipeline<Self, B>
    where
        Self: Sized,
    {
        Pipeline::over(self, bus)
    }

    /// Runs it as a step of another run, or as a run of its own: nothing happens before the future is polled.
    #[doc(hidden)]
    fn run_within<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        input: Self::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<Self::Out, Error<Self::Error>>> + Send + 'a;

    #[doc(hidden)]
    fn queue<O: Observer>(&self, obs: O) -> O::Queued;

    #[doc(hidden)]
    fn describe(&self, graph: &mut Describe<'_>);
}

/// A pipeline, with the bus that its runs are observed by.
///
/// `pipeline!` evaluates to one over [`NoBus`]. Its type is the tree of its steps. It can be run any number of
/// times, at once and from any thread; the state of its circuits lives in it. It is not `Clone`: share it by
/// reference or in an `Arc`.
#[must_use = "a pipeline does nothing until it is run"]
pub struct Pipeline<T, B = NoBus> {
    plan: T,
    bus: B,
    /// Made for the first run that is observed.
    graph: OnceLock<Graph>,
}

impl<T: Run, B: Bus> Pipeline<T, B> {
    pub(crate) fn over(plan: T, bus: B) -> Self {
        Pipeline { plan, bus, graph: OnceLock::new() }
    }

    /// Runs it once. Nothing happens before the future is polled; dropping it cancels everything inside.
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    ///
    /// # Panics
    ///
    /// If a step panics outside of a `catch` block. The pipeline stays usable.
    #[inline]
    pub fn run<'a>(
        &'a self,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
        self.run_on(Local, input)
    }

    /// The same pipeline, its circuits kept, with its runs observed by `bus` instead. Of a reference to a pipeline,
    /// [`Run::with_bus`] makes a pipeline that borrows it.
    ///
    /// ```
    /// use async_orch::{bus, pipeline, task};
    ///
    /// #[task]
    /// async fn one() -> u32 {
    ///     1
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let observed = pipeline! { one() }.with_bus(bus::from_fn(|event| println!("{event}")));
    /// assert_eq!(observed.run(()).await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_bus<B2: Bus>(self, bus: B2) -> Pipeline<T, B2> {
        Pipeline { plan: self.plan, bus, graph: self.graph }
    }

    /// The bus that observes the runs.
    #[must_use]
    pub fn bus(&self) -> &B {
        &self.bus
    }

    /// The steps as a graph.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    ///
    /// #[task]
    /// async fn fetch(id: u32) -> u32 {
    ///     id
    /// }
    ///
    /// let both = pipeline! { seq(name = "ingest") < par(limit = 2) < fetch(1) fetch(2) as "second" > > };
    /// assert_eq!(both.graph().to_string(), "\
    /// seq ingest
    /// └─ par(limit = 2)
    ///    ├─ fetch
    ///    └─ second");
    /// assert!(both.graph().find("ingest/par/second").is_some());
    /// ```
    #[must_use]
    pub fn graph(&self) -> Graph {
        self.cached_graph().clone()
    }

    /// The pipeline with its type erased and its bus inside, for struct fields, maps and lists. A run of it is one
    /// allocation.
    pub fn boxed<'p>(self) -> BoxPipeline<'p, T::In, T::Out, T::Error>
    where
        T: 'p,
        B: 'p,
    {
        BoxPipeline::new(self)
    }

    /// The pipeline on another runtime, for the runs made from the value returned.
    pub fn on<'a, R: Runtime>(&'a self, runtime: &'a R) -> On<'a, T, B, R> {
        On { pipeline: self, runtime }
    }

    fn cached_graph(&self) -> &Graph {
        self.graph.get_or_init(|| Graph::of(|graph| self.plan.describe(graph)))
    }

    #[inline]
    fn run_on<'a, R: Host + 'a>(
        &'a self,
        rt: R,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
        self.bus.drive(rt, || self.cached_graph(), Start { input, rt, plan: &self.plan })
    }
}

/// A pipeline on a runtime other than tokio.
#[must_use = "a pipeline does nothing until it is run"]
pub struct On<'a, T, B, R> {
    pipeline: &'a Pipeline<T, B>,
    runtime: &'a R,
}

impl<'a, T: Run, B: Bus, R: Runtime> On<'a, T, B, R> {
    /// Runs it once on the runtime; see [`Pipeline::run`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run(
        &self,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + use<'a, T, B, R> {
        self.pipeline.run_on(self.runtime, input)
    }
}

/// A run that waits for its observer.
///
/// `plan` is the last field. When code is generated the compiler judges whether a struct has a size by its last field alone,
/// at a time when the bounds that were written are no longer known: if that is a projection such as `T::In` it can take the
/// struct for one without a size, and crashes ("unexpected unsized tail").
struct Start<'a, T: Run, R> {
    input: T::In,
    rt: R,
    plan: &'a T,
}

impl<T: Run, R: Host> Drive for Start<'_, T, R> {
    type Output = Result<T::Out, Error<T::Error>>;

    #[inline(always)]
    fn drive<'b, O: Observer + 'b>(self, obs: O) -> impl Future<Output = Self::Output> + Send + 'b
    where
        Self: 'b,
    {
        self.plan.run_within(self.input, Cx { rt: self.rt, obs })
    }
}

impl<T: Run, B: Bus> Run for Pipeline<T, B> {
    type In = T::In;
    type Out = T::Out;
    type Error = T::Error;

    fn run(&self, input: T::In) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send {
        Pipeline::run(self, input)
    }

    fn graph(&self) -> Graph {
        Pipeline::graph(self)
    }

    #[inline(always)]
    fn run_within<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        input: T::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
        self.plan.run_within(input, cx)
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        self.plan.queue(obs)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.plan.describe(graph);
    }
}

macro_rules! through {
    ($($pointer:ty),*) => {$(
        impl<T: Run> Run for $pointer {
            type In = T::In;
            type Out = T::Out;
            type Error = T::Error;

            fn run(&self, input: T::In) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send {
                (**self).run(input)
            }

            fn graph(&self) -> Graph {
                (**self).graph()
            }

            fn run_within<'a, R: Host + 'a, O: Observer + 'a>(
                &'a self,
                input: T::In,
                cx: Cx<R, O>,
            ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
                (**self).run_within(input, cx)
            }

            fn queue<O: Observer>(&self, obs: O) -> O::Queued {
                (**self).queue(obs)
            }

            fn describe(&self, graph: &mut Describe<'_>) {
                (**self).describe(graph);
            }
        }
    )*};
}

through!(&T, Arc<T>, Box<T>);

/// Runs a pipeline that takes no input.
///
/// ```
/// use async_orch::{pipeline, task};
///
/// #[task]
/// async fn hello() -> &'static str {
///     "hello"
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let greet = pipeline! { hello() };
/// assert_eq!(async_orch::run(&greet).await?, "hello");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`Pipeline::run`].
#[allow(clippy::manual_async_fn, reason = "`Send` is promised, not found out")]
pub fn run<P: Run<In = ()>>(pipeline: P) -> impl Future<Output = Result<P::Out, Error<P::Error>>> + Send {
    async move { pipeline.run(()).await }
}

impl<T: Run, B> fmt::Debug for Pipeline<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipeline {\n")?;
        for line in self.plan.graph().to_string().lines() {
            writeln!(f, "    {line}")?;
        }
        f.write_str("}")
    }
}

impl<T: Run, B, R> fmt::Debug for On<'_, T, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pipeline.fmt(f)
    }
}
