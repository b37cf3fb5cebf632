//! The changes of tasks.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::Reason;
use crate::panics::quietly;

/// The state of a task, without what comes with it.
///
/// ```
/// use async_orch::TaskState;
///
/// assert_eq!(TaskState::Retrying.to_string(), "retrying");
/// assert!(TaskState::Cancelled.is_terminal() && !TaskState::Retrying.is_terminal());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// A start waits behind a limit.
    Pending,
    /// It runs.
    Running,
    /// It gave its output. Terminal.
    Succeeded,
    /// It gave an error or panicked. Terminal.
    Failed,
    /// A `retry` block will run its body again. Told at the path of the block, not at that of the task which failed.
    Retrying,
    /// It was dropped before it finished. Terminal.
    Cancelled,
}

impl TaskState {
    /// Whether no other state follows for this execution.
    #[inline]
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, TaskState::Succeeded | TaskState::Failed | TaskState::Cancelled)
    }

    /// The name in lower case: a label for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            TaskState::Pending => "pending",
            TaskState::Running => "running",
            TaskState::Succeeded => "succeeded",
            TaskState::Failed => "failed",
            TaskState::Retrying => "retrying",
            TaskState::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A change of a task.
///
/// ```
/// use async_orch::{Event, EventKind, TaskEvent, bus};
///
/// let slow = bus::from_fn(|event: &Event<'_>| match event.kind {
///     EventKind::Task(TaskEvent::Succeeded { elapsed, .. }) if elapsed.as_millis() > 100 => {
///         println!("{} took {elapsed:?}", event.node.path());
///     }
///     _ => {}
/// });
/// # let _ = slow;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TaskEvent<'a> {
    /// A start waits behind a limit.
    Pending,
    /// It starts.
    Running,
    /// It gave its output.
    #[non_exhaustive]
    Succeeded {
        /// The output.
        output: Output<'a>,
        /// The time since it started.
        elapsed: Duration,
    },
    /// It gave an error, or panicked.
    #[non_exhaustive]
    Failed {
        /// The [`Error<E>`](crate::Error) of the pipeline, or [`Panicked`](crate::Panicked).
        error: &'a (dyn StdError + 'static),
        /// The same as text without the step, which the event names.
        reason: Reason<'a>,
        /// The time since it started.
        elapsed: Duration,
    },
    /// It was dropped before it finished, or before it started if it was pending.
    Cancelled,
}

impl TaskEvent<'_> {
    /// The state that the task is in now.
    #[inline]
    #[must_use]
    pub fn state(&self) -> TaskState {
        match self {
            TaskEvent::Pending => TaskState::Pending,
            TaskEvent::Running => TaskState::Running,
            TaskEvent::Succeeded { .. } => TaskState::Succeeded,
            TaskEvent::Failed { .. } => TaskState::Failed,
            TaskEvent::Cancelled => TaskState::Cancelled,
        }
    }
}

/// The output of a task, as any value.
///
/// ```
/// use async_orch::{Event, bus, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let watch = bus::from_fn(|event: &Event<'_>| {
///     if let Some(output) = event.output() {
///         assert_eq!(output.downcast_ref::<u32>(), Some(&4));
///         assert_eq!(format!("{:?}", output.debug().unwrap()), "4");
///     }
/// });
/// pipeline! { |_: u32| |n| { n * 2 } }.with_bus(watch).run(2).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Output<'a> {
    shown: &'a dyn Shown,
}

/// A value that a task gave, asked for what it shows when somebody looks: most buses look at few.
pub(crate) trait Shown {
    fn value(&self) -> &dyn Any;

    fn debug(&self) -> Option<&dyn fmt::Debug>;
}

/// A value, and how it is printed if it can be.
pub(crate) struct Gave<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) debug: fn(&T) -> Option<&dyn fmt::Debug>,
}

impl<T: Any> Shown for Gave<'_, T> {
    fn value(&self) -> &dyn Any {
        self.value
    }

    fn debug(&self) -> Option<&dyn fmt::Debug> {
        (self.debug)(self.value)
    }
}

impl<'a> Output<'a> {
    pub(crate) fn new(shown: &'a dyn Shown) -> Self {
        Output { shown }
    }

    /// The output, if it is a `T`.
    #[inline]
    #[must_use]
    pub fn downcast_ref<T: Any>(&self) -> Option<&'a T> {
        self.shown.value().downcast_ref()
    }

    /// The output as it is.
    #[inline]
    #[must_use]
    pub fn value(&self) -> &'a dyn Any {
        self.shown.value()
    }

    /// The output as something to print, if its type has `Debug`.
    ///
    /// Its `Debug` is the user's code, and may panic; that of this `Output`, which prints the same, does not.
    #[inline]
    #[must_use]
    pub fn debug(&self) -> Option<&'a dyn fmt::Debug> {
        self.shown.debug()
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.debug() {
            Some(value) => quietly(f, |f| value.fmt(f)),
            None => f.write_str("_"),
        }
    }
}
