//! What a run tells while it goes on.
//!
//! A run over a [`Bus`] emits one [`Event`] for each change, from its own poll or drop, in order. A run over
//! [`NoBus`] builds no event, reads no clock for one, and keeps nothing for one in its future.

mod bus;
mod dynamic;

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub(crate) use bus::Drive;
pub use bus::{Bus, FromFn, NoBus, from_fn};
pub use dynamic::DynBus;

use crate::circuit::CircuitState;
use crate::graph::Node;

/// A run's id, unique within the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub(crate) u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One change in a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The run.
    pub run: RunId,
    /// The number of the event within its run: from 0, without gaps.
    pub seq: u64,
    /// The step that changed: its index, name, path and kind.
    pub node: &'a Node,
    /// Which start of the step it is.
    pub execution: Execution,
    /// The time since the run began.
    pub elapsed: Duration,
    /// The change.
    pub kind: EventKind<'a>,
}

/// One start of a step. Two items of an `each`, or two attempts of a `retry`, are two executions of one node.
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
}

/// What changed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A task or an inline step, a start that waits, or the next attempt of a `retry`.
    Task(TaskEvent<'a>),
    /// A block started or finished.
    Block(BlockEvent<'a>),
    /// A circuit changed its state, or rejected a run.
    Circuit(CircuitEvent),
}

/// The state of a task, without what comes with it.
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
    /// A `retry` block will run its body again.
    Retrying,
    /// It was dropped before it finished. Terminal.
    Cancelled,
}

impl TaskState {
    /// Whether no other state follows for this execution.
    pub fn is_terminal(self) -> bool {
        matches!(self, TaskState::Succeeded | TaskState::Failed | TaskState::Cancelled)
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TaskState::Pending => "pending",
            TaskState::Running => "running",
            TaskState::Succeeded => "succeeded",
            TaskState::Failed => "failed",
            TaskState::Retrying => "retrying",
            TaskState::Cancelled => "cancelled",
        })
    }
}

/// A change of a task.
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
        /// The time since it started.
        elapsed: Duration,
    },
    /// Of a `retry` block: it will run its body again. Follows the failure that it answers.
    #[non_exhaustive]
    Retrying {
        /// The name of the step that failed.
        step: &'static str,
        /// The attempt to come, from 2.
        attempt: u32,
        /// The wait before it.
        delay: Duration,
    },
    /// It was dropped before it finished.
    Cancelled,
}

impl TaskEvent<'_> {
    /// The state that the task is in now.
    pub fn state(&self) -> TaskState {
        match self {
            TaskEvent::Pending => TaskState::Pending,
            TaskEvent::Running => TaskState::Running,
            TaskEvent::Succeeded { .. } => TaskState::Succeeded,
            TaskEvent::Failed { .. } => TaskState::Failed,
            TaskEvent::Retrying { .. } => TaskState::Retrying,
            TaskEvent::Cancelled => TaskState::Cancelled,
        }
    }
}

/// The output of a task, as any value.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    value: &'a dyn Any,
    debug: Option<&'a dyn fmt::Debug>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(value: &'a dyn Any, debug: Option<&'a dyn fmt::Debug>) -> Self {
        Output { value, debug }
    }

    /// The output, if it is a `T`.
    pub fn downcast_ref<T: Any>(&self) -> Option<&'a T> {
        self.value.downcast_ref()
    }

    /// The output as it is.
    pub fn value(&self) -> &'a dyn Any {
        self.value
    }

    /// The output as something to print, if its type has `Debug`.
    pub fn debug(&self) -> Option<&'a dyn fmt::Debug> {
        self.debug
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.debug {
            Some(value) => value.fmt(f),
            None => f.write_str("_"),
        }
    }
}

/// A change of a block.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BlockEvent<'a> {
    /// It starts, before the steps inside it.
    Started,
    /// It gave its output, after the steps inside it.
    #[non_exhaustive]
    Succeeded {
        /// The time since it started.
        elapsed: Duration,
    },
    /// It gave an error, or a panic went through it.
    #[non_exhaustive]
    Failed {
        /// The [`Error<E>`](crate::Error) of the pipeline, or [`Panicked`](crate::Panicked).
        error: &'a (dyn StdError + 'static),
        /// The time since it started.
        elapsed: Duration,
    },
    /// It was dropped before it finished.
    Cancelled,
}

/// A circuit changed its state, or rejected a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitEvent {
    /// The state before.
    pub old_state: CircuitState,
    /// The state now; the same as before for a rejection.
    pub new_state: CircuitState,
    /// The number of consecutive failures so far.
    pub failures: u32,
    /// Whether a failure of this run opened the circuit.
    pub tripped: bool,
    /// Whether the circuit did not run its body.
    pub rejected: bool,
}

impl CircuitEvent {
    pub(crate) fn new(old_state: CircuitState, new_state: CircuitState, failures: u32) -> Self {
        CircuitEvent { old_state, new_state, failures, tripped: false, rejected: false }
    }
}

impl Event<'_> {
    /// The state of the task that changed; `None` for the events of blocks and circuits.
    pub fn task_state(&self) -> Option<TaskState> {
        match &self.kind {
            EventKind::Task(task) => Some(task.state()),
            _ => None,
        }
    }

    /// The output of a task that succeeded.
    pub fn output(&self) -> Option<Output<'_>> {
        match &self.kind {
            EventKind::Task(TaskEvent::Succeeded { output, .. }) => Some(*output),
            _ => None,
        }
    }

    /// The error of a task or block that failed.
    pub fn error(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            EventKind::Task(TaskEvent::Failed { error, .. })
            | EventKind::Block(BlockEvent::Failed { error, .. }) => Some(*error),
            _ => None,
        }
    }
}

/// One readable line, as [`LogBus`](crate::bus::LogBus) prints it.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9.3} ms  {}", self.elapsed.as_secs_f64() * 1e3, self.node.path())?;
        if let Some(item) = self.execution.item {
            write!(f, " [{item}]")?;
        }
        f.write_str(": ")?;
        match &self.kind {
            EventKind::Task(event) => event.fmt(f)?,
            EventKind::Block(event) => event.fmt(f)?,
            EventKind::Circuit(event) => event.fmt(f)?,
        }
        if self.execution.attempt > 1 {
            write!(f, " (attempt {})", self.execution.attempt)?;
        }
        Ok(())
    }
}

impl fmt::Display for TaskEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state().fmt(f)?;
        match self {
            TaskEvent::Succeeded { output, .. } => match output.debug() {
                Some(value) => write!(f, " with {value:?}"),
                None => Ok(()),
            },
            TaskEvent::Failed { error, .. } => write!(f, ": {}", Cause(*error)),
            TaskEvent::Retrying { step, attempt, delay } => {
                write!(f, " `{step}`, attempt {attempt} in {delay:?}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for BlockEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BlockEvent::Started => f.write_str("started"),
            BlockEvent::Succeeded { elapsed } => write!(f, "succeeded in {elapsed:.1?}"),
            BlockEvent::Failed { error, .. } => write!(f, "failed: {error}"),
            BlockEvent::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl fmt::Display for CircuitEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rejected {
            return write!(f, "rejected, {}", self.new_state);
        }
        write!(f, "{} -> {}", self.old_state, self.new_state)?;
        if self.tripped {
            write!(f, ", tripped by failure {}", self.failures)?;
        }
        Ok(())
    }
}

/// The reason without the step, which the line has named already.
struct Cause<'a>(&'a (dyn StdError + 'static));

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => write!(f, "{source}"),
            None => write!(f, "{}", self.0),
        }
    }
}
