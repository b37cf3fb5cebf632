//! A pipeline with its type erased.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::bus::Bus;
use crate::error::{BoxError, Error, Failure};
use crate::graph::Graph;
use crate::pipeline::{Pipeline, Run};

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
#[must_use = "a pipeline does nothing until it is run"]
pub struct BoxPipeline<'p, In, Out, E = BoxError>(Box<dyn Erased<In, Out, E> + 'p>);

type BoxRun<'a, Out, E> = Pin<Box<dyn Future<Output = Result<Out, Error<E>>> + Send + 'a>>;

trait Erased<In, Out, E>: Send + Sync {
    fn run(&self, input: In) -> BoxRun<'_, Out, E>;
    fn graph(&self) -> Graph;
}

impl<T: Run, B: Bus> Erased<T::In, T::Out, T::Error> for Pipeline<T, B> {
    fn run(&self, input: T::In) -> BoxRun<'_, T::Out, T::Error> {
        Box::pin(Pipeline::run(self, input))
    }

    fn graph(&self) -> Graph {
        Pipeline::graph(self)
    }
}

impl<'p, In: Send + 'static, Out: Send + 'static, E: Failure> BoxPipeline<'p, In, Out, E> {
    pub(crate) fn new<T, B>(pipeline: Pipeline<T, B>) -> Self
    where
        T: Run<In = In, Out = Out, Error = E> + 'p,
        B: Bus + 'p,
    {
        BoxPipeline(Box::new(pipeline))
    }

    /// Runs it once; see [`Pipeline::run`].
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    pub fn run(&self, input: In) -> Pin<Box<dyn Future<Output = Result<Out, Error<E>>> + Send + '_>> {
        self.0.run(input)
    }

    /// The steps as a graph.
    #[must_use]
    pub fn graph(&self) -> Graph {
        self.0.graph()
    }
}

impl<In, Out, E> fmt::Debug for BoxPipeline<'_, In, Out, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxPipeline {{\n{}\n}}", self.0.graph())
    }
}
