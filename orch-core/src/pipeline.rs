//! The value that `pipeline!` evaluates to, and how it is run.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use crate::bus::{Bus, NoBus, Start};
use crate::error::{BoxError, Error, Failure};
use crate::graph::{Describe, Graph};
use crate::run::{Asks, Counts, Cx, Full, Given, Queued, RunState, Watcher};
use crate::runtime::{BoxFuture, Runtime};

/// Everything that can be run as a pipeline: a [`Pipeline`], a reference to one, an `Arc` of one. (For a field, or in place of
/// a `dyn Run`, there is [`BoxPipeline`].)
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
    /// Whether a step in it asks for its [`Context`](crate::context::Context), and so which run it is a part of.
    #[doc(hidden)]
    type Asks: Asks
    where
        Self: Sized;

    /// Runs it once. Nothing happens before the future is polled; dropping it cancels everything inside.
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    // Of all that keeps a `dyn Run` from being a type this alone is not for sized ones: then this line is shown, with its end.
    #[rustfmt::skip]
    fn run(&self, input: Self::In)
        -> impl Future<Output = Result<Self::Out, Error<Self::Error>>> + Send; // for a `dyn Run`: `BoxPipeline`

    /// The steps as a graph.
    #[must_use]
    fn graph(&self) -> Graph {
        Graph::of(|graph| self.describe(graph))
    }

    /// Runs it once under a key, which its events ([`Event::key`](crate::event::Event::key)) and its error
    /// ([`Error::key`]) carry: the number of an order, say, by which a run is found again. One allocation.
    ///
    /// ```
    /// use async_orch::{Run, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pay = pipeline! { |_: u32| |amount| { if amount > 0 { Ok(amount) } else { Err("nothing to pay") } } as "pay" };
    /// let error = pay.run_as("order-17", 0).await.unwrap_err();
    /// assert_eq!(error.key(), Some("order-17"));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Run::run).
    fn run_as<'a>(
        &'a self,
        key: impl Into<Cow<'a, str>>,
        input: Self::In,
    ) -> BoxFuture<'a, Result<Self::Out, Error<Self::Error>>>
    where
        Self: Sized,
    {
        self.__orch_run_given(Outside { rt: None, key: Some(key.into()) }, input)
    }

    /// The same pipeline, its circuits kept, with its runs observed by `bus`.
    fn with_bus<B: Bus>(self, bus: B) -> Pipeline<Self, B>
    where
        Self: Sized,
    {
        Pipeline::over(self, bus)
    }

    /// The pipeline with its type erased and its bus inside, for struct fields, maps and lists. A run of it is one
    /// allocation.
    fn boxed<'p>(self) -> BoxPipeline<'p, Self::In, Self::Out, Self::Error>
    where
        Self: Sized + 'p,
    {
        BoxPipeline(Box::new(self))
    }

    /// The pipeline on another runtime than tokio, for the runs made from the value returned. Each is one allocation, and one
    /// for each task.
    fn on<'a>(&'a self, runtime: &'a dyn Runtime) -> On<'a, Self>
    where
        Self: Sized,
    {
        On { pipeline: self, runtime }
    }

    /// Runs it as a step of another run, or as a run of its own: nothing happens before the future is polled.
    // Called so that the compiler proposes it for no word that is misspelt.
    #[doc(hidden)]
    fn __orch_run_within<'a, R: Cx + 'a>(
        &'a self,
        input: Self::In,
        cx: R,
    ) -> impl Future<Output = Result<Self::Out, Error<Self::Error>>> + Send + 'a
    where
        Self: Sized;

    /// A run of its own, with what is given from outside.
    #[doc(hidden)]
    fn __orch_run_given<'a>(
        &'a self,
        outside: Outside<'a>,
        input: Self::In,
    ) -> BoxFuture<'a, Result<Self::Out, Error<Self::Error>>>
    where
        Self: Sized,
    {
        Box::pin(async move {
            let graph = self.graph();
            run_full(self, None, outside, &graph, input).await
        })
    }

    #[doc(hidden)]
    fn queue<R: Cx>(&self, cx: R) -> R::Queued
    where
        Self: Sized;

    #[doc(hidden)]
    fn describe(&self, graph: &mut Describe<'_>);
}

/// What a run is given from outside, besides its input.
#[doc(hidden)]
#[derive(Default)]
pub struct Outside<'a> {
    rt: Option<&'a dyn Runtime>,
    key: Option<Cow<'a, str>>,
}

/// A run that knows itself.
async fn run_full<T: Run>(
    pipeline: &T,
    bus: Option<&dyn Watcher>,
    outside: Outside<'_>,
    graph: &Graph,
    input: T::In,
) -> Result<T::Out, Error<T::Error>> {
    let Outside { rt, key } = outside;
    let counts = Counts::default();
    let run = RunState::new(Given { bus, rt, key: key.as_deref() }, graph, &counts);
    let result = pipeline.__orch_run_within(input, Full::root(&run)).await;
    match key {
        Some(key) => result.map_err(|error| error.keyed(&key)),
        None => result,
    }
}

/// A pipeline, with the bus that its runs are observed by.
///
/// `pipeline!` evaluates to one over [`NoBus`]. `T` is a type of its own for each, an `impl Run<…>`: for a field, a list or one of several
/// there is [`BoxPipeline`], by [`boxed`](Pipeline::boxed). It can be run any number of times, at once and from any thread; the state
/// of its circuits lives in it. It is not `Clone`: share it by reference or in an `Arc`.
#[must_use = "a pipeline does nothing until it is run: `.run(input).await`"]
// What follows the brace is shown to who writes the name without the type of the steps.
#[rustfmt::skip]
pub struct Pipeline<T, B = NoBus> { // in a field, a list, a signature: `BoxPipeline<'static, In, Out>`, by `.boxed()`
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
        self.bus.start(Started { pipeline: self, input })
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

    /// Runs it once under a key; see [`Run::run_as`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run_as<'a>(
        &'a self,
        key: impl Into<Cow<'a, str>>,
        input: T::In,
    ) -> BoxFuture<'a, Result<T::Out, Error<T::Error>>> {
        Run::run_as(self, key, input)
    }

    /// The pipeline with its type erased and its bus inside, for struct fields, maps and lists. A run of it is one
    /// allocation.
    pub fn boxed<'p>(self) -> BoxPipeline<'p, T::In, T::Out, T::Error>
    where
        T: 'p,
        B: 'p,
    {
        Run::boxed(self)
    }

    /// The pipeline on another runtime than tokio, for the runs made from the value returned; see [`Run::on`].
    pub fn on<'a>(&'a self, runtime: &'a dyn Runtime) -> On<'a, Self> {
        Run::on(self, runtime)
    }

    pub(crate) fn plan(&self) -> &T {
        &self.plan
    }

    pub(crate) fn cached_graph(&self) -> &Graph {
        self.graph.get_or_init(|| Graph::of(|graph| self.plan.describe(graph)))
    }
}

/// A pipeline on a runtime other than tokio: see [`Run::on`].
#[must_use = "a pipeline does nothing until it is run"]
pub struct On<'a, T> {
    pipeline: &'a T,
    runtime: &'a dyn Runtime,
}

impl<'a, T: Run> On<'a, T> {
    /// Runs it once on the runtime; see [`Run::run`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run(&self, input: T::In) -> BoxFuture<'a, Result<T::Out, Error<T::Error>>> {
        self.pipeline.__orch_run_given(Outside { rt: Some(self.runtime), key: None }, input)
    }

    /// Runs it once on the runtime under a key; see [`Run::run_as`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run_as(
        &self,
        key: impl Into<Cow<'a, str>>,
        input: T::In,
    ) -> BoxFuture<'a, Result<T::Out, Error<T::Error>>> {
        self.pipeline.__orch_run_given(Outside { rt: Some(self.runtime), key: Some(key.into()) }, input)
    }
}

/// A run of a pipeline that its bus is to start.
struct Started<'a, T: Run, B> {
    pipeline: &'a Pipeline<T, B>,
    input: T::In,
}

impl<'a, T: Run, B: Bus> Start<'a> for Started<'a, T, B> {
    type Out = Result<T::Out, Error<T::Error>>;

    fn watched<W: Bus + ?Sized>(self, bus: &'a W) -> impl Future<Output = Self::Out> + Send + 'a {
        let Started { pipeline, input } = self;
        async move {
            let bus = &bus;
            let given = Given { bus: W::ENABLED.then_some(bus as &dyn Watcher), ..Given::default() };
            let counts = Counts::default();
            let run = RunState::new(given, pipeline.cached_graph(), &counts);
            pipeline.plan().__orch_run_within(input, Full::root(&run)).await
        }
    }

    #[inline(always)]
    fn unwatched(self) -> impl Future<Output = Self::Out> + Send + 'a {
        let Started { pipeline, input } = self;
        <T::Asks as Asks>::run_unwatched(pipeline.plan(), || pipeline.cached_graph(), input)
    }
}

/// A pipeline as a trait object, its bus inside.
///
/// Its type names only input, output and error, so that it can stand in a struct field, in a map, or in a list with
/// others. `'p` is how long its captures live. A run of it is one allocation.
///
/// ```
/// use std::collections::HashMap;
/// use async_orch::{BoxPipeline, pipeline, task};
///
/// #[task]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let mut by_name: HashMap<&str, BoxPipeline<'static, u64, u64>> = HashMap::new();
/// by_name.insert("twice", pipeline! { |_: u64| double }.boxed());
/// by_name.insert("four times", pipeline! { |_: u64| seq < double double > }.boxed());
/// assert_eq!(by_name["four times"].run(5).await?, 20);
/// # Ok(())
/// # }
/// ```
#[must_use = "a pipeline does nothing until it is run: `.run(input).await`"]
pub struct BoxPipeline<'p, In, Out, E = BoxError>(pub(crate) Box<dyn Erased<In, Out, E> + 'p>);

pub(crate) type Outcome<'a, Out, E> = BoxFuture<'a, Result<Out, Error<E>>>;

/// [`Run`] without what is generic in it.
pub(crate) trait Erased<In, Out, E>: Send + Sync {
    fn run(&self, input: In) -> Outcome<'_, Out, E>;
    fn __orch_run_given<'a>(&'a self, outside: Outside<'a>, input: In) -> Outcome<'a, Out, E>;
    fn run_quietly(&self, input: In) -> Outcome<'_, Out, E>;
    fn __orch_run_within<'a>(&'a self, input: In, cx: Full<'a>) -> Outcome<'a, Out, E>;
    fn queue<'b>(&self, cx: Full<'b>) -> Queued<'b>;
    fn graph(&self) -> Graph;
    fn describe(&self, graph: &mut Describe<'_>);
}

impl<T: Run, B: Bus> Run for Pipeline<T, B> {
    type In = T::In;
    type Out = T::Out;
    type Error = T::Error;
    type Asks = T::Asks;

    fn run(&self, input: T::In) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send {
        Pipeline::run(self, input)
    }

    fn graph(&self) -> Graph {
        Pipeline::graph(self)
    }

    #[inline(always)]
    fn __orch_run_within<'a, R: Cx + 'a>(
        &'a self,
        input: T::In,
        cx: R,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
        self.plan.__orch_run_within(input, cx)
    }

    fn __orch_run_given<'a>(
        &'a self,
        outside: Outside<'a>,
        input: T::In,
    ) -> BoxFuture<'a, Result<T::Out, Error<T::Error>>> {
        let bus = B::ENABLED.then_some(&self.bus as &dyn Watcher);
        Box::pin(run_full(&self.plan, bus, outside, self.cached_graph(), input))
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.plan.queue(cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.plan.describe(graph);
    }
}

macro_rules! through {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Run> Run for $pointer {
            type In = T::In;
            type Out = T::Out;
            type Error = T::Error;
            type Asks = T::Asks;

            fn run(&self, input: T::In) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send {
                (**self).run(input)
            }

            fn graph(&self) -> Graph {
                (**self).graph()
            }

            fn __orch_run_within<'a, R: Cx + 'a>(
                &'a self,
                input: T::In,
                cx: R,
            ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
                (**self).__orch_run_within(input, cx)
            }

            fn __orch_run_given<'a>(
                &'a self,
                outside: Outside<'a>,
                input: T::In,
            ) -> BoxFuture<'a, Result<T::Out, Error<T::Error>>> {
                (**self).__orch_run_given(outside, input)
            }

            fn queue<R: Cx>(&self, cx: R) -> R::Queued {
                (**self).queue(cx)
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

impl fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<T: Run> fmt::Debug for On<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "On {{\n{}\n}}", self.pipeline.graph())
    }
}
