//! The event itself, and which start of which step it is about.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::{BlockEvent, Output, TaskEvent, TaskState, Told};
use crate::graph::Node;
use crate::panics::quietly;
use crate::run::{Coords, Count};

/// A run's id, unique within the process.
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{Run, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let recorder = Recorder::new();
/// let double = pipeline! { |_: u32| |n| { n * 2 } }.with_bus(&recorder);
/// double.run(1).await?;
/// double.run(2).await?;
///
/// let runs: Vec<_> = recorder.events().iter().map(|event| event.run).collect();
/// assert_eq!(runs[0], runs[1]);
/// assert_ne!(runs[1], runs[2]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub(crate) u64);

impl RunId {
    /// The number, from 1.
    ///
    /// ```
    /// use async_orch::bus::Recorder;
    /// use async_orch::pipeline;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let recorder = Recorder::new();
    /// pipeline! { |_: u32| |n| { n * 2 } }.with_bus(&recorder).run(1).await?;
    /// let run = recorder.events()[0].run;
    /// assert_eq!(run.number().to_string(), run.to_string());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One change in a run.
///
/// It displays as one line: the run, the time, the path, and what happened. A width, as in `{event:40}`, is that of
/// the column of paths.
///
/// ```
/// use async_orch::{Event, EventKind, TaskEvent, bus, pipeline, task};
///
/// #[task]
/// async fn fetch(id: u32) -> String {
///     format!("item {id}")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let watch = bus::from_fn(|event: &Event<'_>| match &event.kind {
///     EventKind::Task(TaskEvent::Running) => println!("{} starts", event.node.name()),
///     EventKind::Task(TaskEvent::Succeeded { output, elapsed, .. }) => {
///         let text: Option<&String> = output.downcast_ref();
///         println!("{} gave {text:?} in {elapsed:?}", event.node.name());
///     }
///     _ => println!("{event}"),
/// });
/// pipeline! { |_: u32| seq < fetch > }.with_bus(watch).run(7).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The run.
    pub run: RunId,
    /// The key that the run was given, by [`Run::run_as`](crate::Run::run_as).
    pub key: Option<&'a str>,
    /// The number of the event within its run: from 0, without gaps.
    pub seq: u64,
    /// The step that changed: its index, name, path and kind.
    pub node: &'a Node,
    /// Which start of the step it is.
    pub execution: Execution,
    /// The time since the run began.
    pub elapsed: Duration,
    /// Whether this has happened before, in a process that is gone, and was told there: a durable run is gone through once more. What had
    /// happened last may be told as new once more.
    pub replayed: bool,
    /// The change.
    pub kind: EventKind<'a>,
}

/// One start of a step. Two items of an `each`, two attempts of a `retry` or two rounds of a `repeat` are two
/// executions of one node.
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{Run, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let recorder = Recorder::new();
/// let double = pipeline! { |_: Vec<u32>| each < |n| { n * 2 } as "double" > };
/// (&double).with_bus(&recorder).run(vec![1, 2]).await?;
///
/// let starts: Vec<_> = recorder.of("each/double").iter().map(|event| event.execution).collect();
/// assert_eq!(starts.iter().map(|start| start.item).collect::<Vec<_>>(), [Some(0), Some(0), Some(1), Some(1)]);
/// assert_ne!(starts[0].id, starts[2].id);
/// assert_eq!(starts[0].parent, starts[2].parent);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Execution {
    /// Unique within the run, from 1.
    pub id: u64,
    /// The execution of the block around it; `None` for the outermost step.
    pub parent: Option<u64>,
    /// Which attempt of the innermost `retry` around the step it belongs to, from 1.
    pub attempt: u32,
    /// Which item of the innermost `each` around the step it belongs to, from 0.
    pub item: Option<u64>,
    coords: Coords,
}

impl Execution {
    #[inline(always)]
    pub(crate) fn new(id: u64, parent: Option<u64>, coords: &Coords) -> Self {
        let (attempt, item) = coords.innermost();
        Execution { id, parent, attempt, item, coords: *coords }
    }

    /// The items of all the `each`es around the step, from 0, outermost first.
    pub fn items(self) -> impl DoubleEndedIterator<Item = u64> + 'static {
        self.coords.of(Count::Item).map(u64::from)
    }

    /// The attempts of all the `retry`s around the step, from 1, outermost first.
    pub fn attempts(self) -> impl DoubleEndedIterator<Item = u32> + 'static {
        self.coords.of(Count::Attempt)
    }

    /// The rounds of all the `repeat`s around the step, from 1, outermost first.
    pub fn rounds(self) -> impl DoubleEndedIterator<Item = u32> + 'static {
        self.coords.of(Count::Round)
    }

    /// Which round of the innermost `repeat` around the step it belongs to, from 1; 1 without one.
    #[must_use]
    pub fn round(self) -> u32 {
        self.rounds().next_back().unwrap_or(1)
    }
}

/// What changed.
///
/// ```
/// use async_orch::{Event, EventKind};
///
/// fn what(event: &Event<'_>) -> &'static str {
///     match event.kind {
///         EventKind::Task(_) => "a task",
///         EventKind::Block(_) => "a block",
///         EventKind::Told(_) => "what a step has to say besides",
///         _ => "something else",
///     }
/// }
/// # let _ = what;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A task or an inline step waits, started or ended.
    Task(TaskEvent<'a>),
    /// A block waits, started or ended.
    Block(BlockEvent<'a>),
    /// Something that is particular to the step: see [`Event::told`].
    Told(&'a dyn Told),
}

/// Why a step failed, as text without the step: `connection refused`, `timed out`, `panicked: …`.
///
/// ```
/// use async_orch::{BlockEvent, Event, EventKind, bus, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let EventKind::Block(BlockEvent::Failed { reason, .. }) = event.kind {
///         assert_eq!(reason.to_string(), "timed out");
///     }
/// });
/// let slow = pipeline! { timeout(1ms) < async |()| { std::future::pending::<()>().await } > };
/// assert!(slow.with_bus(watch).run(()).await.is_err());
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Reason<'a> {
    text: &'a dyn fmt::Display,
    kind: &'static str,
}

impl<'a> Reason<'a> {
    pub(crate) fn new(text: &'a dyn fmt::Display, kind: &'static str) -> Self {
        Reason { text, kind }
    }

    /// The kind of the failure in a word, for counting by it: [`ErrorKind::as_str`](crate::ErrorKind::as_str).
    #[inline]
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.kind
    }
}

/// An error whose own `Display` panics is told as such: the event is there all the same.
impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quietly(f, |f| self.text.fmt(f))
    }
}

impl fmt::Debug for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> Event<'a> {
    /// The state of the task that changed; `None` for the events of blocks.
    #[inline]
    #[must_use]
    pub fn task_state(&self) -> Option<TaskState> {
        match &self.kind {
            EventKind::Task(task) => Some(task.state()),
            EventKind::Told(told) => told.state(),
            EventKind::Block(_) => None,
        }
    }

    /// The state of the task or block that changed, where a block that started is
    /// [`Running`](TaskState::Running), and a `retry` between two attempts [`Retrying`](TaskState::Retrying). `None` for what
    /// is no state.
    #[inline]
    #[must_use]
    pub fn state(&self) -> Option<TaskState> {
        match &self.kind {
            EventKind::Task(task) => Some(task.state()),
            EventKind::Block(block) => Some(block.state()),
            EventKind::Told(told) => told.state(),
        }
    }

    /// The output of a task that succeeded.
    #[inline]
    #[must_use]
    pub fn output(&self) -> Option<Output<'a>> {
        match self.kind {
            EventKind::Task(TaskEvent::Succeeded { output, .. }) => Some(output),
            _ => None,
        }
    }

    /// The error of a task or block that failed.
    #[inline]
    #[must_use]
    pub fn error(&self) -> Option<&'a (dyn StdError + 'static)> {
        match self.kind {
            EventKind::Task(TaskEvent::Failed { error, .. })
            | EventKind::Block(BlockEvent::Failed { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// Why a task or block failed.
    #[inline]
    #[must_use]
    pub fn reason(&self) -> Option<Reason<'a>> {
        match self.kind {
            EventKind::Task(TaskEvent::Failed { reason, .. })
            | EventKind::Block(BlockEvent::Failed { reason, .. }) => Some(reason),
            _ => None,
        }
    }
}
