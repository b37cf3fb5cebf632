//! Events that can be kept and sent.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::{
    BlockEvent, Event, EventKind, Execution, Gave, Output, Reason, RunId, Shown, TaskEvent, TaskState, Told,
};
use crate::graph::Node;
use crate::node::{NodeKind, Origin};
use crate::panics::Quiet;

/// An [`Event`] that borrows nothing: it can be kept, sent to another task, and given to a bus again.
///
/// Of outputs and errors it has the text. It displays as the event does.
///
/// ```
/// use async_orch::bus::{self, Bus, LogBus};
/// use async_orch::{Event, OwnedEvent, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let (tx, rx) = std::sync::mpsc::channel();
/// let send = bus::from_fn(move |event: &Event<'_>| tx.send(OwnedEvent::from(event)).unwrap_or(()));
/// pipeline! { |_: u32| |n| { n * 2 } as "double" }.with_bus(send).run(2).await?;
///
/// let log = LogBus::new();
/// for event in rx {
///     assert_eq!(event.path(), "double");
///     log.emit(&event.as_event());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnedEvent {
    /// The run.
    pub run: RunId,
    /// The key that the run was given, by [`Run::run_as`](crate::Run::run_as).
    pub key: Option<Text>,
    /// The number of the event within its run: from 0, without gaps.
    pub seq: u64,
    /// The step that changed.
    pub node: Node,
    /// Which start of the step it is.
    pub execution: Execution,
    /// The time since the run began.
    pub elapsed: Duration,
    /// Whether this has happened before, in a process that is gone: see [`Event::replayed`].
    pub replayed: bool,
    /// The change.
    pub change: Change,
}

/// What changed: an [`EventKind`] that borrows nothing.
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{Change, Run, TaskChange, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let recorder = Recorder::new();
/// pipeline! { |_: u32| |n| { n * 2 } }.with_bus(&recorder).run(2).await?;
/// match &recorder.events()[1].change {
///     Change::Task(TaskChange::Succeeded { output, .. }) => assert_eq!(output.as_deref(), Some("4")),
///     other => panic!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// See [`EventKind::Task`].
    Task(TaskChange),
    /// See [`EventKind::Block`].
    Block(BlockChange),
    /// See [`EventKind::Told`].
    Told(Arc<dyn Told>),
}

/// A change of a task: a [`TaskEvent`] that borrows nothing.
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{Change, Run, TaskChange, pipeline};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let recorder = Recorder::new();
/// let busy = pipeline! { retry(max_attempts = 2, backoff = constant(1s), jitter = none) < |()| { Err::<(), _>("busy") } > };
/// assert!((&busy).with_bus(&recorder).run(()).await.is_err());
///
/// let failed = recorder.of("retry/inline").into_iter().filter_map(|event| match event.change {
///     Change::Task(TaskChange::Failed { reason, .. }) => Some(reason.to_string()),
///     _ => None,
/// });
/// assert_eq!(failed.collect::<Vec<_>>(), ["busy", "busy"]);
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TaskChange {
    /// See [`TaskEvent::Pending`].
    Pending,
    /// See [`TaskEvent::Running`].
    Running,
    /// See [`TaskEvent::Succeeded`].
    #[non_exhaustive]
    Succeeded {
        /// The output as `{:?}` prints it; `None` if its type has no `Debug`.
        output: Option<Text>,
        /// The time since it started.
        elapsed: Duration,
    },
    /// See [`TaskEvent::Failed`].
    #[non_exhaustive]
    Failed {
        /// The whole error: which step, which attempt, why.
        error: Text,
        /// The reason alone.
        reason: Text,
        /// The kind of the failure in a word: [`Reason::kind`].
        kind: &'static str,
        /// The time since it started.
        elapsed: Duration,
    },
    /// See [`TaskEvent::Cancelled`].
    Cancelled,
}

/// A change of a block: a [`BlockEvent`] that borrows nothing.
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{BlockChange, Change, Run, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recorder = Recorder::new();
/// let busy = pipeline! { seq < |()| { Err::<(), _>("busy") } as "call" > };
/// assert!((&busy).with_bus(&recorder).run(()).await.is_err());
///
/// match recorder.of("seq").pop().unwrap().change {
///     Change::Block(BlockChange::Failed { error, origin, .. }) => {
///         assert_eq!(error, "step `seq/call` failed: busy");
///         assert_eq!(origin.unwrap().name(), "call");
///     }
///     other => panic!("{other:?}"),
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BlockChange {
    /// See [`BlockEvent::Pending`].
    Pending,
    /// See [`BlockEvent::Started`].
    #[non_exhaustive]
    Started {
        /// How many items an `each` has, if that is known before.
        items: Option<u64>,
    },
    /// See [`BlockEvent::Succeeded`].
    #[non_exhaustive]
    Succeeded {
        /// The time since it started.
        elapsed: Duration,
    },
    /// See [`BlockEvent::Skipped`].
    #[non_exhaustive]
    Skipped {
        /// The time since it started.
        elapsed: Duration,
    },
    /// See [`BlockEvent::Failed`].
    #[non_exhaustive]
    Failed {
        /// The whole error: which step, which attempt, why.
        error: Text,
        /// The reason alone.
        reason: Text,
        /// The kind of the failure in a word: [`Reason::kind`].
        kind: &'static str,
        /// The step that failed, if it is known.
        origin: Option<Origin>,
        /// The time since it started.
        elapsed: Duration,
    },
    /// See [`BlockEvent::Cancelled`].
    Cancelled,
}

/// The text of an output or error, cheap to clone. It derefs to `str`.
///
/// At most 4096 characters are kept; where there were more, it ends in `…`.
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{Run, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let recorder = Recorder::new();
/// pipeline! { |_: String| |s| { s + "!" } }.with_bus(&recorder).run("hi".to_owned()).await?;
/// assert_eq!(recorder.events()[1].output(), Some("\"hi!\""));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Arc<str>);

impl Shown for Text {
    fn value(&self) -> &dyn Any {
        self
    }

    fn debug(&self) -> Option<&dyn fmt::Debug> {
        Some(self)
    }
}

/// How many characters a [`Text`] keeps, so that a large output does not make large events.
const KEPT: usize = 4096;

impl OwnedEvent {
    /// The path of the step that changed, such as `ingest/par/second`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.node.path()
    }

    /// The path of named blocks and of steps alone: see [`Node::short_path`].
    #[must_use]
    pub fn short_path(&self) -> &str {
        self.node.short_path()
    }

    /// The name of the step that changed.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.node.name()
    }

    /// What kind of step changed.
    #[must_use]
    pub fn kind(&self) -> NodeKind {
        self.node.kind()
    }

    /// See [`Event::task_state`].
    #[must_use]
    pub fn task_state(&self) -> Option<TaskState> {
        self.as_event().task_state()
    }

    /// See [`Event::state`].
    #[must_use]
    pub fn state(&self) -> Option<TaskState> {
        self.as_event().state()
    }

    /// The text of the output of a task that succeeded; `None` if the type has no `Debug`.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        match &self.change {
            Change::Task(TaskChange::Succeeded { output, .. }) => output.as_deref(),
            _ => None,
        }
    }

    /// The text of the error of a task or block that failed: which step, which attempt, why.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.change {
            Change::Task(TaskChange::Failed { error, .. })
            | Change::Block(BlockChange::Failed { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// Why a task or block failed, without the step.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match &self.change {
            Change::Task(TaskChange::Failed { reason, .. })
            | Change::Block(BlockChange::Failed { reason, .. }) => Some(reason),
            _ => None,
        }
    }

    /// The event again, for a [`Bus`](crate::bus::Bus). Its output and error are [`Text`]s.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        Event {
            run: self.run,
            key: self.key.as_deref(),
            seq: self.seq,
            node: &self.node,
            execution: self.execution,
            elapsed: self.elapsed,
            replayed: self.replayed,
            kind: match &self.change {
                Change::Task(task) => EventKind::Task(task.as_event()),
                Change::Block(block) => EventKind::Block(block.as_event()),
                Change::Told(told) => EventKind::Told(&**told),
            },
        }
    }
}

impl TaskChange {
    fn as_event(&self) -> TaskEvent<'_> {
        match self {
            TaskChange::Pending => TaskEvent::Pending,
            TaskChange::Running => TaskEvent::Running,
            TaskChange::Succeeded { output, elapsed } => TaskEvent::Succeeded {
                output: match output {
                    // So that it is as little worth printing as before.
                    Some(text) if **text == *"()" => {
                        Output::new(&Gave { value: &(), debug: |unit| Some(unit) })
                    }
                    Some(text) => Output::new(text),
                    None => Output::new(&Gave { value: &(), debug: |_| None }),
                },
                elapsed: *elapsed,
            },
            TaskChange::Failed { error, reason, kind, elapsed } => {
                TaskEvent::Failed { error, reason: Reason::new(reason, kind), elapsed: *elapsed }
            }
            TaskChange::Cancelled => TaskEvent::Cancelled,
        }
    }
}

impl BlockChange {
    fn as_event(&self) -> BlockEvent<'_> {
        match self {
            BlockChange::Pending => BlockEvent::Pending,
            BlockChange::Started { items } => BlockEvent::Started { items: *items },
            BlockChange::Succeeded { elapsed } => BlockEvent::Succeeded { elapsed: *elapsed },
            BlockChange::Skipped { elapsed } => BlockEvent::Skipped { elapsed: *elapsed },
            BlockChange::Failed { error, reason, kind, origin, elapsed } => BlockEvent::Failed {
                error,
                reason: Reason::new(reason, kind),
                origin: *origin,
                elapsed: *elapsed,
            },
            BlockChange::Cancelled => BlockEvent::Cancelled,
        }
    }
}

impl From<&Event<'_>> for OwnedEvent {
    fn from(event: &Event<'_>) -> Self {
        OwnedEvent {
            run: event.run,
            key: event.key.map(|key| Text(key.into())),
            seq: event.seq,
            node: event.node.clone(),
            execution: event.execution,
            elapsed: event.elapsed,
            replayed: event.replayed,
            change: match event.kind {
                EventKind::Task(task) => Change::Task(task.into()),
                EventKind::Block(block) => Change::Block(block.into()),
                EventKind::Told(told) => Change::Told(told.shared()),
            },
        }
    }
}

impl From<TaskEvent<'_>> for TaskChange {
    fn from(event: TaskEvent<'_>) -> Self {
        match event {
            TaskEvent::Pending => TaskChange::Pending,
            TaskEvent::Running => TaskChange::Running,
            TaskEvent::Succeeded { output, elapsed } => TaskChange::Succeeded {
                output: output.debug().map(|_| Text::of(format_args!("{output:?}"))),
                elapsed,
            },
            TaskEvent::Failed { error, reason, elapsed } => TaskChange::Failed {
                error: Text::of(format_args!("{}", Quiet(error))),
                reason: Text::of(format_args!("{reason}")),
                kind: reason.kind(),
                elapsed,
            },
            TaskEvent::Cancelled => TaskChange::Cancelled,
        }
    }
}

impl From<BlockEvent<'_>> for BlockChange {
    fn from(event: BlockEvent<'_>) -> Self {
        match event {
            BlockEvent::Pending => BlockChange::Pending,
            BlockEvent::Started { items } => BlockChange::Started { items },
            BlockEvent::Succeeded { elapsed } => BlockChange::Succeeded { elapsed },
            BlockEvent::Skipped { elapsed } => BlockChange::Skipped { elapsed },
            BlockEvent::Failed { error, reason, origin, elapsed } => BlockChange::Failed {
                error: Text::of(format_args!("{}", Quiet(error))),
                reason: Text::of(format_args!("{reason}")),
                kind: reason.kind(),
                origin,
                elapsed,
            },
            BlockEvent::Cancelled => BlockChange::Cancelled,
        }
    }
}

impl fmt::Display for OwnedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}

impl Text {
    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut kept = Kept { text: String::new(), left: KEPT };
        if kept.write_fmt(text).is_err() {
            kept.text.push('…');
        }
        Text(kept.text.into())
    }
}

/// Takes so many characters, then gives an error back, which stops the rest from being made.
struct Kept {
    text: String,
    left: usize,
}

impl fmt::Write for Kept {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.char_indices().nth(self.left) {
            None => {
                self.text.push_str(text);
                self.left -= text.chars().count();
                Ok(())
            }
            Some((end, _)) => {
                self.text.push_str(&text[..end]);
                self.left = 0;
                Err(fmt::Error)
            }
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// The text as it is: it was printed once already.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl StdError for Text {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_so_much_and_says_that_there_was_more() {
        let text = |text: &str| Text::of(format_args!("{}{text}", ""));
        assert_eq!(text("short"), "short");
        assert_eq!(text(&"é".repeat(KEPT)).chars().count(), KEPT);
        let cut = text(&"é".repeat(KEPT + 1));
        assert_eq!((cut.chars().count(), cut.ends_with("é…")), (KEPT + 1, true));
    }
}
