//! What a failed run gives back: which step failed, after how many attempts, and why.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::circuit::LastFailure;
use crate::node::{Meta, Origin, Place};

/// Why a run failed, and where.
///
/// `E` is the pipeline's error type: [`BoxError`], or the one named in its header by `error = MyError;`. The
/// task's own error keeps its type: [`task`](Error::task), [`downcast_ref`](Error::downcast_ref) and
/// [`into_task_error`](Error::into_task_error) reach it, and [`source`](StdError::source) chains to it.
///
/// It prints as a sentence:
///
/// ```text
/// step `ingest/par/second` failed after 3 attempts: connection refused
/// ```
pub struct Error<E = BoxError> {
    kind: ErrorKind<E>,
    origin: Origin,
    /// Set by the `retry` around the step; zero if there is none.
    attempts: u32,
    more: Option<Box<More<E>>>,
}

/// What few errors have, kept out of the way of the others.
struct More<E> {
    /// The blocks in which the pipeline of the failed step was embedded, innermost first.
    embedded_in: Vec<Option<&'static Meta>>,
    others: Vec<Error<E>>,
}

/// Why a step failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind<E = BoxError> {
    /// A task gave an error: this one.
    Task(E),
    /// A task panicked, on another thread or inside a `catch` block.
    Panicked(Panicked),
    /// A `timeout` block ran out of time and dropped its body.
    TimedOut,
    /// A `circuit` block was open and did not run its body.
    #[non_exhaustive]
    CircuitOpen {
        /// How long the circuit stays open yet. [`Duration::MAX`] if it is isolated; but a circuit whose `reset_timeout`
        /// is that long says so as well.
        retry_after: Duration,
        /// The text of the failure that opened it; `None` if it was opened by hand.
        last_failure: Option<LastFailure>,
        /// Whether the circuit was [isolated](crate::circuit::Breaker::isolate), so that no time closes it.
        isolated: bool,
    },
    /// A `circuit` block was half-open with all its probes under way, and did not run its body.
    CircuitHalfOpen,
    /// A block or the runtime refused to run the step.
    Rejected,
}

impl<E: fmt::Display> fmt::Display for ErrorKind<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Task(error) => error.fmt(f),
            ErrorKind::Panicked(panicked) => panicked.fmt(f),
            ErrorKind::TimedOut => f.write_str("timed out"),
            ErrorKind::CircuitOpen { retry_after, last_failure, isolated } => {
                f.write_str("the circuit is open")?;
                if *isolated {
                    f.write_str(" until it is closed by hand")?;
                } else if !retry_after.is_zero() {
                    write!(f, ", retry in {:?}", rounded(*retry_after))?;
                }
                match last_failure {
                    Some(text) => write!(f, " (last failure: {text})"),
                    None => Ok(()),
                }
            }
            ErrorKind::CircuitHalfOpen => {
                f.write_str("the circuit is half-open and its probe is still running")
            }
            ErrorKind::Rejected => f.write_str("rejected"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> StdError for ErrorKind<E> {}

/// As exact as a reader wants it, to the millisecond, and short times to the microsecond or the nanosecond: what is left is
/// never shown as nothing.
fn rounded(time: Duration) -> Duration {
    let unit = match time.as_nanos() {
        0..10_000 => 1,
        10_000..10_000_000 => 1_000,
        _ => 1_000_000,
    };
    let units = (time.as_nanos() + unit / 2) / unit;
    u64::try_from(units * unit).map_or(time, Duration::from_nanos)
}

impl<E> ErrorKind<E> {
    /// The same kind with another type for the task's error.
    pub(crate) fn map<F>(self, convert: impl FnOnce(E) -> F) -> ErrorKind<F> {
        match self {
            ErrorKind::Task(error) => ErrorKind::Task(convert(error)),
            ErrorKind::Panicked(panicked) => ErrorKind::Panicked(panicked),
            ErrorKind::TimedOut => ErrorKind::TimedOut,
            ErrorKind::CircuitOpen { retry_after, last_failure, isolated } => {
                ErrorKind::CircuitOpen { retry_after, last_failure, isolated }
            }
            ErrorKind::CircuitHalfOpen => ErrorKind::CircuitHalfOpen,
            ErrorKind::Rejected => ErrorKind::Rejected,
        }
    }
}

impl<E> Error<E> {
    /// The failure of the step `origin`.
    pub(crate) fn new(kind: ErrorKind<E>, origin: Origin) -> Self {
        Error { kind, origin, attempts: 0, more: None }
    }

    /// Why the step failed.
    pub fn kind(&self) -> &ErrorKind<E> {
        &self.kind
    }

    /// Why the step failed, by value.
    pub fn into_kind(self) -> ErrorKind<E> {
        self.kind
    }

    /// Which step failed: the names from the outermost block to it, joined by `/`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        if let Some(more) = &self.more {
            for block in more.embedded_in.iter().rev().copied().flatten() {
                path.push_str(&Origin::block(block).path());
                path.push('/');
            }
        }
        path.push_str(&self.origin.path());
        path
    }

    /// The name of the step that failed: the last part of its [`path`](Error::path).
    pub fn step(&self) -> &'static str {
        self.origin.name()
    }

    /// Where the step that failed is written.
    pub fn place(&self) -> Place {
        self.origin.place()
    }

    /// How many attempts were made, by the innermost `retry` around the step; 1 without one.
    pub fn attempts(&self) -> u32 {
        self.attempts.max(1)
    }

    /// The error that the task gave, if the failure is one.
    pub fn task(&self) -> Option<&E> {
        match &self.kind {
            ErrorKind::Task(error) => Some(error),
            _ => None,
        }
    }

    /// The error that the task gave, by value.
    ///
    /// # Errors
    ///
    /// Gives the error back as it is if it is not a task's.
    pub fn into_task_error(self) -> Result<E, Self> {
        match self.kind {
            ErrorKind::Task(error) => Ok(error),
            kind => Err(Error { kind, ..self }),
        }
    }

    /// The errors of the siblings of a failed `race` or `fallback`; none for other steps.
    pub fn others(&self) -> &[Error<E>] {
        self.more.as_ref().map_or(&[], |more| &more.others)
    }

    /// Whether a `retry` without `when` tries again: after an error of a task, a timeout or a panic, but not
    /// where the body did not run.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Task(_) | ErrorKind::TimedOut | ErrorKind::Panicked(_))
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn attempted(&mut self, attempts: u32) {
        if self.attempts == 0 {
            self.attempts = attempts;
        }
    }

    /// The error of an embedded pipeline as one of the pipeline around it.
    pub(crate) fn embed<F>(self, within: Option<&'static Meta>, convert: fn(E) -> F) -> Error<F> {
        let (mut embedded_in, others) =
            self.more.map_or_else(Default::default, |more| (more.embedded_in, more.others));
        embedded_in.push(within);
        let others = others.into_iter().map(|error| error.embed(within, convert)).collect();
        Error {
            kind: self.kind.map(convert),
            origin: self.origin,
            attempts: self.attempts,
            more: Some(Box::new(More { embedded_in, others })),
        }
    }
}

impl<E: Failure> Error<E> {
    /// Whether a task gave an error of the type `T`, boxed or not.
    pub fn is<T: StdError + 'static>(&self) -> bool {
        self.downcast_ref::<T>().is_some()
    }

    /// The error that a task gave, if it is a `T`, boxed or not.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.task()?.as_dyn().downcast_ref()
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.origin.kind().is_block() { "block" } else { "step" };
        write!(f, "{noun} `{}` ", self.path())?;
        let after = match self.attempts {
            0 | 1 => String::new(),
            attempts => format!(" after {attempts} attempts"),
        };
        match &self.kind {
            ErrorKind::Task(error) => write!(f, "failed{after}: {error}"),
            ErrorKind::Panicked(panicked) => write!(f, "{panicked}{after}"),
            ErrorKind::TimedOut => {
                f.write_str("timed out")?;
                if let Some((_, limit)) = self.origin.meta().options.first() {
                    write!(f, " after {limit}")?;
                }
                match self.attempts {
                    0 | 1 => Ok(()),
                    attempts => write!(f, ", in each of {attempts} attempts"),
                }
            }
            kind => write!(f, "did not run{after}: {kind}"),
        }
    }
}

/// The sentence that it displays as, so that `fn main() -> Result<(), async_orch::Error>` prints it; the parts with
/// `{:#?}`.
impl<E: fmt::Debug + fmt::Display> fmt::Debug for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        let mut out = f.debug_struct("Error");
        out.field("path", &self.path()).field("kind", &self.kind).field("attempts", &self.attempts());
        if let Some(more) = &self.more
            && !more.others.is_empty()
        {
            out.field("others", &more.others);
        }
        out.finish_non_exhaustive()
    }
}

impl<E: Failure> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            ErrorKind::Task(error) => Some(error.as_dyn()),
            ErrorKind::Panicked(panicked) => Some(panicked),
            _ => None,
        }
    }
}

/// What can be the error type of a pipeline: every [`std::error::Error`] that is `Send + Sync`, and
/// [`BoxError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error type of a pipeline",
    label = "not an error that can be sent between threads",
    note = "it has to implement `std::error::Error + Send + Sync`"
)]
pub trait Failure: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The error itself, out of its box.
    fn as_dyn(&self) -> &(dyn StdError + 'static);
}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> Failure for E {
    fn as_dyn(&self) -> &(dyn StdError + 'static) {
        self
    }
}

impl Failure for BoxError {
    fn as_dyn(&self) -> &(dyn StdError + 'static) {
        &*self.0
    }
}

/// Any error, boxed: the error type of a pipeline that names no other.
///
/// Everything that converts into `Box<dyn std::error::Error + Send + Sync>` converts into it, so tasks with
/// different errors fit one pipeline: `io::Error`, an error of your own, a `&str`, `anyhow::Error`. It derefs to
/// the error inside.
///
/// It is a type of its own because the standard box does not implement [`std::error::Error`], and so
/// could not be told apart from the errors that do.
pub struct BoxError(Box<dyn StdError + Send + Sync + 'static>);

impl BoxError {
    /// The standard box.
    pub fn into_inner(self) -> Box<dyn StdError + Send + Sync + 'static> {
        self.0
    }

    /// The error inside, by value, if it is a `T`.
    ///
    /// # Errors
    ///
    /// Gives the error back as it is if it is no `T`.
    pub fn downcast<T: StdError + 'static>(self) -> Result<T, Self> {
        self.0.downcast().map(|error| *error).map_err(BoxError)
    }
}

impl<T: Into<Box<dyn StdError + Send + Sync + 'static>>> From<T> for BoxError {
    fn from(error: T) -> Self {
        BoxError(error.into())
    }
}

impl Deref for BoxError {
    type Target = dyn StdError + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A task panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    message: Arc<str>,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}

impl StdError for Panicked {}

impl Panicked {
    pub(crate) fn new(message: impl Into<Arc<str>>) -> Self {
        Panicked { message: message.into() }
    }

    /// The message of a caught panic.
    pub(crate) fn from_payload(payload: &(dyn Any + Send)) -> Self {
        Panicked::new(match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "with a value that is not text",
        })
    }

    /// What the panic said.
    pub fn message(&self) -> &str {
        &self.message
    }
}
