// The first definition of a link is the one that counts: to the pages here, to the files in the repository.
#![doc = include_str!("links.md")]
#![doc = include_str!("../README.md")]

pub use orch_core::bus::{Bus, DynBus, NoBus};
pub use orch_core::{
    Admit, Again, Arrival, Attempt, BlockChange, BlockEvent, Bound, Bounds, BoxError, BoxFuture, BoxPipeline,
    Breaker, BreakerBuilder, BreakerState, BudgetSpent, Bulkhead, BulkheadBuilder, Change, CircuitEvent,
    CircuitState, Context, Done, Error, ErrorKind, Event, EventKind, Execution, Failed, Failure, FallingBack,
    Field, Gatekeeper, Graph, Hedging, InvalidOption, Keyed, LastError, LastFailure, Limiter, LimiterBuilder,
    Local, Next, NextRound, Node, NodeKind, Note, On, Once, Origin, Output, OwnedEvent, Panicked, Pipeline,
    Place, Policy, Position, Progress, Reason, Report, RetryBudget, RetryBudgetBuilder, Retrying, Run, RunId,
    Runtime, SagaEvent, Task, TaskChange, TaskEvent, TaskState, Text, Told, Waiting, Wire, run,
};

/// Compiles nested blocks of tasks into one statically typed future.
///
/// ```
/// use async_orch::{pipeline, task};
///
/// #[task]
/// async fn fetch(id: u32) -> std::io::Result<String> {
///     Ok(format!("record {id}"))
/// }
///
/// #[task]
/// async fn count(text: String) -> usize {
///     text.len()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let ids = [7, 8];
/// let lengths = pipeline! {
///     seq(name = "lengths") <
///         par(limit = 2) < fetch(ids[0]) fetch(ids[1]) as "second" >
///         |(a, b)| { vec![a, b] }
///         each < count >
///     >
/// };
/// assert_eq!(lengths.run(()).await?, [8, 8]);
/// # Ok(())
/// # }
/// ```
///
/// It is an expression, and evaluates to a [`Pipeline`]. In short:
///
/// - `|name: Type|` first declares the input and names it; `|_: Type|` pipes it into the first step. Without it the input is
///   `()`.
/// - A task without parentheses is called with the piped value, `fetch(id, _)` with these arguments, `_` being the piped
///   value.
/// - `|x| { … }` and `async |x| { … }` are steps written in place.
/// - `let name = step` in a sequence names an output, by reference, for the steps after it.
/// - Steps capture variables by reference; with `move` in the header by value. What several steps share and the pipeline
///   owns stands in the header: `let client = client.clone();`.
/// - `error = MyError;` in the header sets the error type; without it, it is [`BoxError`].
///
/// [The language](crate::guide::language) has all of it.
///
/// # Panics
///
/// Building the pipeline panics, with the option and its place, if a limit or a number of attempts that is no literal
/// turns out to be zero. (A literal zero does not compile.)
pub use orch_macros::pipeline;

/// Makes a step of a function, which stays callable as it is written.
///
/// ```
/// use std::path::PathBuf;
/// use async_orch::{pipeline, task};
///
/// /// Async or not, with or without a `Result`: every function can be a task.
/// #[task]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// /// Runs on the blocking pool, and is called "read" in events and errors.
/// #[task(blocking, name = "read")]
/// fn read_file(path: PathBuf) -> std::io::Result<String> {
///     std::fs::read_to_string(path)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// assert_eq!(double(4).await, 8);
/// assert_eq!(pipeline! { |_: u64| seq < double double > }.run(4).await?, 16);
///
/// let error = pipeline! { |_: PathBuf| read_file }.run("no such file".into()).await.unwrap_err();
/// assert_eq!(error.path(), "read");
/// # Ok(())
/// # }
/// ```
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | the name in paths, events and errors; the function's own if not given |
/// | `blocking` | a sync function runs on tokio's blocking pool |
/// | `spawn` | runs as a task of its own on the runtime: in parallel, not only concurrently |
/// | `fallible` | the return type is a `Result` by another name |
/// | `context` | the first parameter is the [`Context`], whatever its type is called |
/// | `durable` | what it gives can be written down; with the feature `durable` |
/// | `crate = path` | where this library is, if not at `::async_orch` |
///
/// A task whose return type is called `Result` can fail, also by a path such as `io::Result`. Another name for one is an error
/// that asks for `fallible`; any other type is a plain output. Parameters may be generic, `impl Trait`, and may borrow for a
/// lifetime; `blocking` and `spawn` leave their caller and refuse borrows. A sync function without `blocking` runs inline,
/// and should not block. A panic of a `blocking` or `spawn` task is the error [`ErrorKind::Panicked`]; one that
/// its runtime cancels as it shuts down is [`ErrorKind::Cancelled`].
///
/// The macro adds a type of the function's name, so that name must not be taken by another type.
pub use orch_macros::task;

#[cfg(any(doc, doctest))]
pub mod guide;
// What stands in there names this crate as any other does.
#[cfg(any(doc, doctest))]
extern crate self as async_orch;

/// Values for the options of the block `retry`, where a word of the macro is not enough.
///
/// ```
/// use async_orch::retry::{Attempts, IntoAttempts, Jitter, exponential_by, unlimited};
/// use async_orch::{pipeline, task};
/// use std::time::Duration;
///
/// #[task]
/// async fn call() -> std::io::Result<u32> {
///     Ok(1)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let patient = true;
/// let attempts: Attempts = if patient { unlimited() } else { 3.into_attempts() };
/// let jitter = if patient { Jitter::Full } else { Jitter::None };
/// let steps = exponential_by(Duration::from_millis(50), 1.5);
/// let called = pipeline! {
///     retry(max_attempts = attempts, backoff = steps, jitter = jitter) < call() >
/// };
/// assert_eq!(called.run(()).await?, 1);
/// # Ok(())
/// # }
/// ```
pub mod retry {
    pub use orch_core::retry::*;
}

/// Where events go: the trait [`Bus`], and the buses that come with the library.
pub mod bus {
    #[doc(inline)]
    pub use orch_core::bus::*;
    #[doc(inline)]
    pub use orch_watch::kit::*;
}

#[cfg(feature = "durable")]
pub mod durable;
#[cfg(feature = "metrics")]
#[doc(inline)]
pub use orch_watch::metrics;
#[cfg(feature = "progress")]
#[doc(inline)]
pub use orch_watch::progress;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
#[doc(inline)]
pub use orch_watch::tracing;

/// All that a module with pipelines usually needs: `use async_orch::prelude::*;`
pub mod prelude {
    pub use crate::{BoxError, BoxPipeline, Bus, Error, ErrorKind, Pipeline, Run, pipeline, task};
}

#[doc(hidden)]
pub use orch_core::__private_0_1_0;

// What the compiler's messages call by its name. From here they call it by this path, the shortest there is; else by that of a
// private module of `orch-core`.
#[doc(hidden)]
pub use orch_core::__private_0_1_0::{shown::*, wanted::*};
