//! What a failed run gives back: which step failed, after how many attempts, and why.

mod boxed;
mod invalid_option;
mod kind;
mod last_failure;
mod panicked;
mod wire;

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub use boxed::{BoxError, Failure};
pub use invalid_option::InvalidOption;
pub use kind::ErrorKind;
pub use last_failure::LastFailure;
pub use panicked::Panicked;
pub use wire::Wire;

use crate::node::{Form, Meta, NodeKind, Origin, Place};

/// Why a run failed, and where.
///
/// `E` is the pipeline's error type: [`BoxError`], or the one named in its header by `error = MyError;`. The
/// task's own error keeps its type: [`task`](Error::task), [`downcast_ref`](Error::downcast_ref) and
/// [`into_task_error`](Error::into_task_error) reach it, and [`source`](StdError::source) goes on to what it came from.
///
/// It prints as a sentence:
///
/// ```text
/// step `ingest/each[3]/retry/fetch` failed after 3 attempts: connection refused
/// ```
///
/// The number in brackets is the item of the `each`, from 0.
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
    /// The items of the `each`es around the failed step, innermost first.
    items: Vec<Item>,
    others: Vec<Error<E>>,
    /// How many others there were besides.
    left_out: usize,
    /// What could not be undone, in order of time.
    undo_failures: Vec<Error<E>>,
    /// The time that a `timeout` allowed, where the text of the pipeline does not say it.
    limit: Option<Duration>,
    /// The key of the run.
    key: Option<Box<str>>,
}

/// Which item of which `each`.
#[derive(Clone, Copy)]
struct Item {
    each: &'static Meta,
    /// How many of the pipelines around the failed step were inside of it.
    depth: usize,
    item: u64,
}

impl<E> Default for More<E> {
    fn default() -> Self {
        More {
            run_by: Vec::new(),
            looked_at: false,
            items: Vec::new(),
            others: Vec::new(),
            left_out: 0,
            undo_failures: Vec::new(),
            limit: None,
            key: None,
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
    ///
    /// It is the path of the step's events. The items of `each`es, which the sentence of the error shows in brackets, are not in
    /// it: see [`items`](Error::items).
    pub fn path(&self) -> String {
        self.path_with(&[])
    }

    fn path_with(&self, items: &[Item]) -> String {
        let run_by = self.more.as_ref().map_or(&[][..], |more| &more.run_by);
        let paths = run_by.iter().rev().chain([&self.origin]).zip((0..=run_by.len()).rev());
        let paths: Vec<String> = paths
            .map(|(origin, depth)| {
                let is = |item: &&Item, each| item.depth == depth && std::ptr::eq(item.each, each);
                origin.path_with_items(&|each| items.iter().find(|item| is(item, each)).map(|item| item.item))
            })
            .collect();
        paths.join("/")
    }

    /// The items of all the `each`es around the step that failed, from 0, outermost first.
    ///
    /// ```
    /// use async_orch::{Run, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let parse = pipeline! { |_: Vec<&'static str>| each < |text| { text.parse::<u32>() } as "parse" > };
    /// let error = parse.run(vec!["1", "2", "x"]).await.unwrap_err();
    /// assert_eq!(error.item(), Some(2));
    /// assert_eq!(error.path(), "each/parse");
    /// assert_eq!(error.to_string(), "step `each[2]/parse` failed: invalid digit found in string");
    /// # }
    /// ```
    pub fn items(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.more.iter().flat_map(|more| more.items.iter().rev()).map(|item| item.item)
    }

    /// The item of the innermost `each` around the step that failed, from 0.
    #[must_use]
    pub fn item(&self) -> Option<u64> {
        self.items().next_back()
    }

    /// The error of this item of the block `each`.
    #[cold]
    #[inline(never)]
    pub(crate) fn of_item(mut self, each: &'static Meta, item: u64) -> Self {
        self.in_item(each, item);
        self
    }

    /// It is the error of this item of the block `each`.
    #[cold]
    pub(crate) fn in_item(&mut self, each: &'static Meta, item: u64) {
        let more: &mut More<E> = self.more.get_or_insert_default();
        more.items.push(Item { each, depth: more.run_by.len(), item });
        for other in more.others.iter_mut().chain(&mut more.undo_failures) {
            other.in_item(each, item);
        }
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

    /// The errors that did not become the block's, where a block has tried several steps and all have failed, as in a `race`: in
    /// order of time. At most sixteen are kept, the first ones; [`others_left_out`](Error::others_left_out) counts the rest.
    #[must_use]
    pub fn others(&self) -> &[Error<E>] {
        self.more.as_ref().map_or(&[], |more| &more.others)
    }

    /// How many errors there were besides [`others`](Error::others).
    #[must_use]
    pub fn others_left_out(&self) -> usize {
        self.more.as_ref().map_or(0, |more| more.left_out)
    }

    /// The error of a block in which others came before it.
    pub(crate) fn with_others(mut self, others: impl IntoIterator<Item = Error<E>>) -> Self {
        const KEPT: usize = 16;
        let more = self.more.get_or_insert_default();
        for other in others {
            if more.others.len() < KEPT {
                more.others.push(other);
            } else {
                more.left_out += 1;
            }
        }
        self
    }

    /// The error of a block in which others came before it and before those that it has itself. One that is `None` is somebody
    /// else's now, and counted.
    pub(crate) fn with_earlier(mut self, earlier: impl IntoIterator<Item = Option<Error<E>>>) -> Self {
        let more = self.more.get_or_insert_default();
        let (own, left_out) = (std::mem::take(&mut more.others), std::mem::take(&mut more.left_out));
        let mut elsewhere = 0;
        let earlier = earlier.into_iter().filter_map(|error| {
            elsewhere += usize::from(error.is_none());
            error
        });
        self = self.with_others(earlier.chain(own));
        if let Some(more) = &mut self.more {
            more.left_out += left_out + elsewhere;
        }
        self
    }

    /// What a `saga` could not undo after this error, in order of time: the errors of its undos. They are all here.
    ///
    /// With such failures nothing runs the steps again by itself, neither a `retry` nor a `fallback`: what they would stand on is
    /// half undone.
    ///
    /// ```
    /// use async_orch::{Run, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let order = pipeline! {
    ///     saga <
    ///         |()| {} as "charge" undo |_| { Err::<(), _>("no refunds") } as "refund"
    ///         |_| { Err::<(), _>("sold out") } as "ship"
    ///     >
    /// };
    /// let error = order.run(()).await.unwrap_err();
    /// assert_eq!(error.path(), "saga/ship");
    /// assert_eq!(error.undo_failures()[0].path(), "saga/charge/undo/refund");
    /// assert!(!error.is_retryable());
    /// # }
    /// ```
    #[must_use]
    pub fn undo_failures(&self) -> &[Error<E>] {
        self.more.as_ref().map_or(&[], |more| &more.undo_failures)
    }

    /// The error of a saga that could not undo all of it.
    #[cold]
    pub(crate) fn with_undo_failures(mut self, failures: Vec<Error<E>>) -> Self {
        if !failures.is_empty() {
            self.more.get_or_insert_default().undo_failures.extend(failures);
        }
        self
    }

    /// Whether a `retry` tries again, if its `when` agrees: after an error of a task, a timeout, a panic or an error of a policy, but not where the
    /// body did not run (see [`ErrorKind::is_rejection`]), nor where a `repeat` has used up its rounds: nothing failed in them,
    /// and the limit is there so that no more are run. Nor where something [could not be undone](Error::undo_failures).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let kind = matches!(
            self.kind,
            ErrorKind::Task(_)
                | ErrorKind::TimedOut
                | ErrorKind::Panicked(_)
                | ErrorKind::Policy { ran: true, .. }
        );
        kind && self.undo_failures().is_empty()
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
            let More { run_by, looked_at, items, others, left_out, undo_failures, limit, key } = *more;
            let others = others.into_iter().map(|error| error.map(convert)).collect();
            let undo_failures = undo_failures.into_iter().map(|error| error.map(convert)).collect();
            Box::new(More { run_by, looked_at, items, others, left_out, undo_failures, limit, key })
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
        for other in more.others.iter_mut().chain(&mut more.undo_failures) {
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
    /// The error of the user's that this is about, without its type: a task's, or a policy's.
    pub(crate) fn cause_as_dyn(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            ErrorKind::Task(error) => Some(error.as_dyn()),
            ErrorKind::Policy { error, .. } => Some(&***error),
            _ => None,
        }
    }

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

    /// Whether a task, or the policy of a `with`, gave an error of the type `T`, boxed or not.
    pub fn is<T: StdError + 'static>(&self) -> bool {
        self.downcast_ref::<T>().is_some()
    }

    /// The error that a task gave, or the policy of a `with`, if it is a `T`, boxed or not.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.cause_as_dyn()?.downcast_ref()
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence(f)?;
        match self.undo_failures() {
            [] => Ok(()),
            [failure] => write!(f, "; an undo failed: {failure}"),
            [first, ..] => write!(f, "; {} undos failed, the first: {first}", self.undo_failures().len()),
        }
    }
}

impl<E: fmt::Display> Error<E> {
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.origin.kind().is_block() { "block" } else { "step" };
        let items = self.more.as_ref().map_or(&[][..], |more| &more.items);
        write!(f, "{noun} `{}` ", self.path_with(items))?;
        let after = match self.attempts {
            0 | 1 => String::new(),
            attempts => format!(" after {attempts} attempts"),
        };
        match &self.kind {
            ErrorKind::Task(error) => write!(f, "failed{after}: {error}"),
            ErrorKind::Policy { error, ran: true } => write!(f, "failed{after}: {error}"),
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
            ErrorKind::Exhausted { .. } => write!(f, "{}{after}", self.kind),
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
        out.field("path", &self.path());
        if self.item().is_some() {
            out.field("items", &self.items().collect::<Vec<_>>());
        }
        out.field("kind", &self.kind).field("attempts", &self.attempts());
        if let Some(more) = &self.more
            && !more.others.is_empty()
        {
            out.field("others", &more.others);
        }
        if !self.undo_failures().is_empty() {
            out.field("undo_failures", &self.undo_failures());
        }
        out.finish_non_exhaustive()
    }
}

/// The sentence says what the task's error says, so the source is the source of that: whoever prints a chain of causes
/// (`{:#}` of `anyhow`, say) prints each once. The task's error itself is [`task`](Error::task).
impl<E: Failure> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause_as_dyn()?.source()
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

impl Origin {
    /// An error of this step: for a [`Policy`](crate::Policy) that has given its [`Next`](crate::Next) away and fails then.
    ///
    /// ```
    /// use async_orch::{Error, ErrorKind, Failure, Next, Once, Policy, pipeline};
    /// use std::time::Duration;
    ///
    /// /// Gives its body so much time, and says so in its own words.
    /// struct Within(Duration);
    ///
    /// impl<T: Send, E: Failure> Policy<T, E, Once> for Within {
    ///     async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
    ///         let block = next.origin();
    ///         match tokio::time::timeout(self.0, next.call_once()).await {
    ///             Ok(result) => result,
    ///             Err(elapsed) => Err(block.error(ErrorKind::policy(elapsed))),
    ///         }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let p = pipeline! { with(Within(Duration::from_secs(1))) < async |()| { std::future::pending::<()>().await } > };
    /// let error = p.run(()).await.unwrap_err();
    /// assert_eq!(error.to_string(), "block `with` failed: deadline has elapsed");
    /// assert!(error.is::<tokio::time::error::Elapsed>());
    /// # }
    /// ```
    #[must_use]
    pub fn error<E: Failure>(self, kind: ErrorKind<E>) -> Error<E> {
        Error::of(kind, self)
    }
}

/// Where an error is from that no step has given yet.
static UNPLACED: Meta = Meta {
    index: 0,
    parent: None,
    kind: NodeKind::Inline,
    form: Form::Row,
    name: None,
    options: &[],
    place: Place { file: file!(), line: line!(), column: column!() },
};

/// Whether the text of an option is a time written out, `1.5s`, and not an expression.
fn is_written_out(text: &str) -> bool {
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    unit.len() < text.len() && ["s", "ms", "µs", "ns"].contains(&unit)
}
