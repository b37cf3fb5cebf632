//! What a failed run gives back: which step failed, after how many attempts, and why.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::circuit::LastFailure;
use crate::node::{Meta, NodeKind, Origin, Place};
use crate::panics::discard;

/// Why a run failed, and where.
///
/// `E` is the pipeline's error type: [`BoxError`], or the one named in its header by `error = MyError;`. The
/// task's own error keeps its type: [`task`](Error::task), [`downcast_ref`](Error::downcast_ref) and
/// [`into_task_error`](Error::into_task_error) reach it, and [`source`](StdError::source) goes on to what it came from.
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
    /// The steps that ran the pipelines around the failed step, innermost first.
    run_by: Vec<Origin>,
    /// The last of them is the step that has not given the error yet.
    looked_at: bool,
    others: Vec<Error<E>>,
    /// The time that a `timeout` allowed, where the text of the pipeline does not say it.
    limit: Option<Duration>,
    /// The key of the run.
    key: Option<Box<str>>,
}

impl<E> Default for More<E> {
    fn default() -> Self {
        More { run_by: Vec::new(), looked_at: false, others: Vec::new(), limit: None, key: None }
    }
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
        /// How long the circuit stays open yet.
        retry_after: Duration,
        /// The text of the failure that opened it; `None` if it was opened by hand.
        last_failure: Option<LastFailure>,
    },
    /// A `circuit` block was half-open with all its probes under way, and did not run its body.
    CircuitHalfOpen,
    /// A block or the runtime refused to run the step.
    Rejected,
    /// A task that had left its run, by `spawn` or `blocking`, was given up by its runtime before it had finished: because the
    /// runtime shut down.
    Cancelled,
}

impl<E: fmt::Display> fmt::Display for ErrorKind<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Task(error) => error.fmt(f),
            ErrorKind::Panicked(panicked) => panicked.fmt(f),
            ErrorKind::TimedOut => f.write_str("timed out"),
            ErrorKind::CircuitOpen { retry_after, last_failure } => {
                f.write_str("the circuit is open")?;
                match *retry_after {
                    Duration::MAX => f.write_str(" until it is closed by hand")?,
                    Duration::ZERO => {}
                    time => write!(f, ", retry in {:?}", rounded(time))?,
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
            ErrorKind::Cancelled => f.write_str("cancelled by its runtime"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> StdError for ErrorKind<E> {}

/// Whether the text of an option is a time written out, `1.5s`, and not an expression.
fn is_written_out(text: &str) -> bool {
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    unit.len() < text.len() && ["s", "ms", "µs", "ns"].contains(&unit)
}

/// As exact as a reader wants it: to the millisecond, short times to the microsecond.
fn rounded(time: Duration) -> Duration {
    let unit = if time < Duration::from_millis(10) { 1_000 } else { 1_000_000 };
    let units = (time.as_nanos() + unit / 2) / unit;
    u64::try_from(units * unit).map_or(time, Duration::from_nanos)
}

impl<E> ErrorKind<E> {
    /// [`CircuitOpen`](ErrorKind::CircuitOpen): for a [`Runtime`](crate::Runtime) that answers for a task.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    /// use std::time::Duration;
    ///
    /// let open: ErrorKind = ErrorKind::circuit_open(Duration::from_secs(3), Some("connection refused"));
    /// assert_eq!(open.to_string(), "the circuit is open, retry in 3s (last failure: connection refused)");
    /// ```
    #[must_use]
    pub fn circuit_open(retry_after: Duration, last_failure: Option<&str>) -> Self {
        let last_failure = last_failure.map(|text| LastFailure::new(text.to_owned()));
        ErrorKind::CircuitOpen { retry_after, last_failure }
    }

    /// Whether the step was turned away and did not run: by a circuit, or by the [`Runtime`](crate::Runtime).
    ///
    /// A rejection says nothing about what the step would have done. A `retry` repeats it only with its flag `rejections`.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    ///
    /// assert!(ErrorKind::<std::io::Error>::CircuitHalfOpen.is_rejection());
    /// assert!(!ErrorKind::<std::io::Error>::TimedOut.is_rejection());
    /// ```
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        match self {
            ErrorKind::CircuitOpen { .. } | ErrorKind::CircuitHalfOpen | ErrorKind::Rejected => true,
            ErrorKind::Task(_) | ErrorKind::Panicked(_) | ErrorKind::TimedOut | ErrorKind::Cancelled => false,
        }
    }

    /// The same kind with another type for the task's error.
    pub(crate) fn map<F>(self, convert: impl FnOnce(E) -> F) -> ErrorKind<F> {
        match self {
            ErrorKind::Task(error) => ErrorKind::Task(convert(error)),
            ErrorKind::Panicked(panicked) => ErrorKind::Panicked(panicked),
            ErrorKind::TimedOut => ErrorKind::TimedOut,
            ErrorKind::CircuitOpen { retry_after, last_failure } => {
                ErrorKind::CircuitOpen { retry_after, last_failure }
            }
            ErrorKind::CircuitHalfOpen => ErrorKind::CircuitHalfOpen,
            ErrorKind::Rejected => ErrorKind::Rejected,
            ErrorKind::Cancelled => ErrorKind::Cancelled,
        }
    }
}

impl<E> Error<E> {
    /// The failure of the step `origin`.
    pub(crate) fn new(kind: ErrorKind<E>, origin: Origin) -> Self {
        Error { kind, origin, attempts: 0, more: None }
    }

    /// The failure of the `timeout` block `origin`, which allowed so much time.
    pub(crate) fn timed_out(origin: Origin, limit: Duration) -> Self {
        let written = origin.meta().options.first().is_some_and(|(_, text)| is_written_out(text));
        let more = (!written).then(|| Box::new(More { limit: Some(limit), ..More::default() }));
        Error { more, ..Error::new(ErrorKind::TimedOut, origin) }
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
            for step in more.run_by.iter().rev() {
                path.push_str(&step.path());
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

    /// The key that the run was given, by [`Run::run_as`](crate::Run::run_as).
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.more.as_ref()?.key.as_deref()
    }

    /// The error of a run with this key.
    pub(crate) fn keyed(mut self, key: &str) -> Self {
        self.more.get_or_insert_default().key = Some(key.into());
        self
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

    /// Whether a `retry` tries again, if its `when` agrees: after an error of a task, a timeout or a panic, but not where the
    /// body did not run (see [`ErrorKind::is_rejection`]).
    #[must_use]
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

    /// The same error with another type for the task's.
    pub(crate) fn map<F>(self, convert: fn(E) -> F) -> Error<F> {
        let Error { kind, origin, attempts, more } = self;
        let more = more.map(|more| {
            let More { run_by, looked_at, others, limit, key } = *more;
            let others = others.into_iter().map(|error| error.map(convert)).collect();
            Box::new(More { run_by, looked_at, others, limit, key })
        });
        Error { kind: kind.map(convert), origin, attempts, more }
    }

    /// The error of a pipeline as one of the pipeline around it, in which the step `by` ran it: an embedded one is run by the
    /// block around it, if there is one.
    pub(crate) fn run_by<F>(self, by: Option<Origin>, convert: fn(E) -> F) -> Error<F> {
        let mut error = self.map(convert);
        if let Some(by) = by {
            error.add_run_by(by);
        }
        error
    }

    /// The error of a pipeline that the step `by` runs and looks at, before it gives it.
    pub(crate) fn looked_at(mut self, by: Origin) -> Self {
        self.add_run_by(by);
        self.more.get_or_insert_default().looked_at = true;
        self
    }

    /// The error of a pipeline that the step `by` ran, which it gives.
    fn given(mut self, by: Origin) -> Self {
        match &mut self.more {
            Some(more) if more.looked_at => more.looked_at = false,
            _ => self.add_run_by(by),
        }
        self
    }

    fn add_run_by(&mut self, by: Origin) {
        let more: &mut More<E> = self.more.get_or_insert_default();
        more.run_by.push(by);
        for other in &mut more.others {
            other.add_run_by(by);
        }
    }

    /// An error of which it is not known yet which step gives it.
    pub(crate) fn unplaced(error: E) -> Self {
        Error::new(ErrorKind::Task(error), Origin::block(&UNPLACED))
    }

    /// The failure of the step `origin` with this error: if it has a place already, that of a pipeline which the step ran.
    pub(crate) fn of_step<F>(self, origin: Origin, convert: fn(E) -> F) -> Error<F> {
        if std::ptr::eq(self.origin.meta(), &UNPLACED) {
            return Error { origin, ..self.map(convert) };
        }
        self.map(convert).given(origin)
    }
}

impl<E: Failure> Error<E> {
    /// The failure of the step `origin`. If what it gave is, in a box, the error of a run, then this goes on: the step ran that
    /// pipeline.
    pub(crate) fn of(kind: ErrorKind<E>, origin: Origin) -> Self {
        match kind {
            ErrorKind::Task(error) => match unbox(error) {
                Ok(run) => run.given(origin),
                Err(error) => Error::new(ErrorKind::Task(error), origin),
            },
            kind => Error::new(kind, origin),
        }
    }

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
                let limit = self.more.as_ref().and_then(|more| more.limit);
                match (limit, self.origin.meta().options.first()) {
                    (Some(limit), _) => write!(f, " after {limit:?}")?,
                    (None, Some((_, written))) => write!(f, " after {written}")?,
                    (None, None) => {}
                }
                match self.attempts {
                    0 | 1 => Ok(()),
                    attempts => write!(f, ", in each of {attempts} attempts"),
                }
            }
            ErrorKind::Cancelled => write!(f, "was cancelled by its runtime{after}"),
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

/// The sentence says what the task's error says, so the source is the source of that: whoever prints a chain of causes
/// (`{:#}` of `anyhow`, say) prints each once. The task's error itself is [`task`](Error::task).
impl<E: Failure> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.task()?.as_dyn().source()
    }
}

/// The error of a run that is in the box, if `E` is [`BoxError`] and there is one in it.
fn unbox<E: Failure>(error: E) -> Result<Error<E>, E> {
    let mut error = Some(error);
    let boxed = (&mut error as &mut dyn Any).downcast_mut::<Option<BoxError>>();
    if let Some(slot) = boxed
        && let Some(boxed) = slot.take_if(|boxed| boxed.0.is::<Error<BoxError>>())
        && let Ok(run) = boxed.0.downcast::<Error<BoxError>>()
    {
        let mut run = Some(*run);
        if let Some(run) =
            (&mut run as &mut dyn Any).downcast_mut::<Option<Error<E>>>().and_then(Option::take)
        {
            return Ok(run);
        }
    }
    Err(error.expect("it is taken only where it is given back"))
}

/// Where an error is from that no step has given yet.
static UNPLACED: Meta = Meta {
    index: 0,
    parent: None,
    kind: NodeKind::Inline,
    name: None,
    options: &[],
    place: Place { file: file!(), line: line!(), column: column!() },
};

/// What can be the error type of a pipeline: every [`std::error::Error`] that is `Send + Sync`, and
/// [`BoxError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error type of a pipeline",
    label = "does not implement `std::error::Error + Send + Sync`",
    note = "without `error = …;` a pipeline takes the errors of all types, `anyhow::Error` and `Box<dyn Error + Send + Sync>` \
            among them, as `BoxError`, which `?` turns into any of them"
)]
pub trait Failure: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The error itself, out of its box.
    fn as_dyn(&self) -> &(dyn StdError + 'static);
}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> Failure for E {
    fn as_dyn(&self) -> &(dyn StdError + 'static) {
        match (self as &(dyn StdError + 'static)).downcast_ref::<BoxError>() {
            Some(boxed) => &*boxed.0,
            None => self,
        }
    }
}

/// Any error, boxed: the error type of a pipeline that names no other.
///
/// Everything that converts into `Box<dyn std::error::Error + Send + Sync>` converts into it, so tasks with
/// different errors fit one pipeline: `io::Error`, an error of your own, a `&str`, `anyhow::Error`. With `?` it goes on into
/// `Box<dyn Error>`, `Box<dyn Error + Send + Sync>` and `anyhow::Error`.
///
/// It is transparent: it displays as the error inside, has the source of that, and derefs to it.
///
/// ```
/// use async_orch::BoxError;
///
/// async fn fetch(id: u32) -> Result<String, BoxError> {
///     let text = tokio::fs::read_to_string(format!("/no such folder/{id}")).await?;
///     if text.is_empty() { Err("an empty file")? }
///     Ok(text)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn program() -> Result<(), Box<dyn std::error::Error>> {
///     fetch(7).await?;
///     Ok(())
/// }
///
/// let error = fetch(7).await.unwrap_err();
/// assert!(error.is::<std::io::Error>());
/// assert_eq!(program().await.unwrap_err().to_string(), error.to_string());
/// # }
/// ```
///
/// It is a type of its own because the standard box does not implement [`std::error::Error`]. And it is not `Unpin`, which is
/// what tells it from the errors that convert into it. An error of your own that *holds* a `BoxError` converts only with the
/// line `impl Unpin for MyError {}`.
pub struct BoxError(Box<dyn StdError + Send + Sync + 'static>);

/// For [`BoxError`] not to be `Unpin`: a bound that does not hold, and has a lifetime so that the compiler does not say so.
#[doc(hidden)]
#[derive(Debug)]
pub struct IsBoxError<'a>(std::marker::PhantomData<&'a ()>);

/// See [`IsBoxError`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an error that holds a `BoxError` does not convert into `BoxError` by itself",
    label = "holds a `BoxError`",
    note = "write `impl Unpin for MyError {{}}`, with the name of the error that holds it"
)]
pub trait Movable {}

// An error is never polled, so nothing depends on its pinning.
impl<'a> Unpin for BoxError where IsBoxError<'a>: Movable {}

impl<E> Unpin for Error<E> {}

impl<E> Unpin for ErrorKind<E> {}

impl BoxError {
    /// The standard box.
    #[must_use]
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

/// `Unpin`, so that `BoxError` itself, which is a standard error as well, is not among those that convert.
impl<T: Into<Box<dyn StdError + Send + Sync + 'static>> + Unpin> From<T> for BoxError {
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

/// The source is that of the error inside, since the two say the same.
impl StdError for BoxError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
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
    /// A panic that said this: for a [`Runtime`](crate::Runtime) that answers for a task.
    pub fn new(message: impl Into<Arc<str>>) -> Self {
        Panicked { message: message.into() }
    }

    /// A panic that was caught. What it carried is dropped, which may panic too.
    pub(crate) fn caught(payload: Box<dyn Any + Send>) -> Self {
        let panicked = Panicked::from_payload(&*payload);
        discard(payload);
        panicked
    }

    /// The message of a panic on its way.
    pub(crate) fn from_payload(payload: &(dyn Any + Send)) -> Self {
        Panicked::new(match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "with a value that is not text",
        })
    }

    /// What the panic said.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}
