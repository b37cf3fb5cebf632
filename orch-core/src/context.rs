//! The run that a step is a part of, for steps that ask.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::{BoxError, Error, Failure};
use crate::event::{Field, RunId, Told};
use crate::node::Origin;
use crate::pipeline::Run;
use crate::run::{Inside, LastError, Position};
use crate::runtime::BoxFuture;
use crate::task::IntoFailure;

/// The run that a step is a part of: what an inline step gets as `cx`, and a task as `cx: &Context<'_>`.
///
/// With it a step can say what the language cannot: a loop, an `if`, a recursion. Pipelines that it runs by [`run`](Context::run)
/// are parts of the same run, with all their events.
///
/// ```
/// use async_orch::{Context, Run, pipeline, task};
///
/// #[task]
/// async fn page(cx: &Context<'_>, number: u32) -> Result<Vec<u32>, &'static str> {
///     cx.progress(number.into(), 3);
///     Ok(if number < 3 { vec![number; 2] } else { Vec::new() })
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let fetch = pipeline! { |_: u32| retry(max_attempts = 3) < page > };
/// let all = pipeline! {
///     async |(), cx| {
///         let (mut all, mut number) = (Vec::new(), 0);
///         loop {
///             let page = cx.run(&fetch, number).await?;
///             if page.is_empty() {
///                 break Ok(all);
///             }
///             all.extend(page);
///             number += 1;
///         }
///     } as "pages"
/// };
/// assert_eq!(all.run(()).await?, [0, 0, 1, 1, 2, 2]);
///
/// // By hand, outside of any run.
/// assert_eq!(page(&Context::none(), 1).await.unwrap(), [1, 1]);
/// # Ok(())
/// # }
/// ```
///
/// `E` is the error type of the step's pipeline.
pub struct Context<'e, E = BoxError> {
    inside: Option<Inside<'e>>,
    /// How many calls of `run` there were.
    calls: AtomicU32,
    error: PhantomData<fn() -> E>,
}

impl<'e, E> Context<'e, E> {
    pub(crate) fn new(inside: Option<Inside<'e>>) -> Self {
        Context { inside, calls: AtomicU32::new(0), error: PhantomData }
    }

    /// The context outside of a run, to call a task by hand: it has no position, and takes notes for nobody.
    #[must_use]
    pub fn none() -> Self {
        Context::new(None)
    }

    /// Runs a pipeline as a part of this run: with the same id, bus and runtime, and paths that continue that of this step.
    /// What it gives is this step's to use; what it fails with goes on, by `?`, as it is: the path, the attempts, the kind and
    /// the type of its cause stay.
    ///
    /// Several may be under way at once, in a `join!` for example. They are told apart by the order in which `run` was called.
    /// Nothing happens before the future is polled; dropping it cancels everything inside.
    ///
    /// A pipeline that is *made* in the step has circuits of its own in each execution. One with a circuit belongs outside, in
    /// the header's `let` for example. Outside of a run ([`Context::none`]) it is run as it is, and no bus is told.
    ///
    /// # Errors
    ///
    /// With the first failure in the pipeline that no block inside it handles.
    ///
    /// # Panics
    ///
    /// If a step inside does.
    pub fn run<'s, P: Run>(
        &'s self,
        pipeline: &'s P,
        input: P::In,
    ) -> BoxFuture<'s, Result<P::Out, Failed<E>>>
    where
        P::Error: IntoFailure<E>,
        E: Failure,
    {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let result = match self.inside {
                Some(inside) => inside.call(pipeline, call, input).await,
                None => pipeline.__orch_run_given(crate::pipeline::Outside::default(), input).await,
            };
            result.map_err(|error| {
                let error = error.map(P::Error::into_failure);
                Failed(match self.inside {
                    Some(inside) => error.looked_at(inside.origin()),
                    None => error,
                })
            })
        })
    }

    /// Where the step is; `None` outside of a run.
    #[must_use]
    pub fn position(&self) -> Option<Position<'e>> {
        self.inside.map(Inside::position)
    }

    /// The names from the outermost block to the step, joined by `/`; nothing outside of a run.
    #[must_use]
    pub fn path(&self) -> &'e str {
        self.position().map_or("", Position::path)
    }

    /// The item of the innermost `each` around the step, from 0.
    #[must_use]
    pub fn item(&self) -> Option<u64> {
        self.position().and_then(Position::item)
    }

    /// The attempt of the innermost `retry` around the step, from 1; 1 without one.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.position().map_or(1, Position::attempt)
    }

    /// The round of the innermost `repeat` around the step, from 1; 1 without one.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.position().map_or(1, Position::round)
    }

    /// The run; `None` outside of one.
    #[must_use]
    pub fn run_id(&self) -> Option<RunId> {
        self.position().map(Position::run)
    }

    /// The key that the run was given, by [`Run::run_as`].
    #[must_use]
    pub fn key(&self) -> Option<&'e str> {
        self.position().and_then(Position::key)
    }

    /// The time left until the nearest end of all the `timeout`s around the step, to be passed on to a server; `None` without
    /// one. A body that waits later than it starts has a little more: the clock of a `timeout` starts when it first waits.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let inside = self.inside?;
        Some(inside.deadline()?.saturating_duration_since(inside.now()))
    }

    /// The error of the attempt before, in the innermost `retry` around the step; `None` in the first attempt, and without one.
    #[must_use]
    pub fn last_error(&self) -> Option<LastError> {
        self.inside?.last_error()
    }

    /// Waits on the run's clock: tokio's, or that of the [`Runtime`](crate::Runtime) that the run is on.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        match self.inside {
            Some(inside) => Box::pin(inside.sleep(duration)),
            None => Box::pin(tokio::time::sleep(duration)),
        }
    }

    /// Tells the bus a line of text: a [`Note`], as an event of this execution.
    ///
    /// The text is anything that displays, `format_args!("{n} pages")` too: it is written out if somebody listens, and not otherwise.
    pub fn note(&self, text: impl fmt::Display) {
        self.tell(|| Note { text: text.to_string() });
    }

    /// Tells the bus how far the step is, so many of so many: a [`Progress`], as an event of this execution.
    pub fn progress(&self, done: u64, total: u64) {
        self.tell(|| Progress { done, total });
    }

    fn tell<T: Told>(&self, told: impl FnOnce() -> T) {
        if let Some(inside) = self.inside {
            inside.tell(told);
        }
    }
}

impl<E> fmt::Debug for Context<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("position", &self.position()).finish_non_exhaustive()
    }
}

/// What [`Context::run`] fails with: the error of the run, to be looked at (it derefs to [`Error`]) or given on by `?`.
///
/// In a step with a `cx` of a pipeline with an error type of its own it is what `?` makes of all errors, so that both those of
/// `cx.run` and others go on.
pub struct Failed<E = BoxError>(Error<E>);

impl<E> Failed<E> {
    /// The failure of the step `origin`, which gave it.
    pub(crate) fn of_step<F>(self, origin: Origin, convert: fn(E) -> F) -> Error<F> {
        self.0.of_step(origin, convert)
    }

    /// The error, for a function that gives an [`Error`]. (There is no `From` for it: `?` in a closure would no longer know which
    /// error it converts into an [`Error`].)
    #[must_use]
    pub fn into_error(self) -> Error<E> {
        self.0
    }
}

impl<E> Deref for Failed<E> {
    type Target = Error<E>;

    fn deref(&self) -> &Error<E> {
        &self.0
    }
}

/// Any other error: the step's own.
impl<T: std::error::Error + Into<E>, E> From<T> for Failed<E> {
    fn from(error: T) -> Self {
        Failed(Error::unplaced(error.into()))
    }
}

impl<E: Failure> From<Failed<E>> for Box<dyn std::error::Error + Send + Sync> {
    fn from(failed: Failed<E>) -> Self {
        Box::new(failed.0)
    }
}

impl<E: Failure> From<Failed<E>> for Box<dyn std::error::Error> {
    fn from(failed: Failed<E>) -> Self {
        Box::new(failed.0)
    }
}

impl<E: fmt::Display> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: fmt::Debug + fmt::Display> fmt::Debug for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A line of text that a step told, by [`Context::note`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The text.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "note: {}", self.text)
    }
}

impl Told for Note {
    fn about(&self) -> &'static str {
        "note"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("text", Field::Text(&self.text));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(self.clone())
    }
}

/// How far a step is, by [`Context::progress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// Of how much in all.
    pub total: u64,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.done, self.total)
    }
}

impl Told for Progress {
    fn about(&self) -> &'static str {
        "progress"
    }

    fn fields(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("done", Field::Number(self.done));
        field("total", Field::Number(self.total));
    }

    fn shared(&self) -> Arc<dyn Told> {
        Arc::new(*self)
    }
}
