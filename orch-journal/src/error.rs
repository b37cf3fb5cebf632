//! Why a run gave no output, and why a journal could not do its part.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use orch_core::durable::Fault;

/// Why a journal could not do what it was asked for. Nothing that was written down is lost by it: the run can be gone on with when the
/// cause is gone.
///
/// ```
/// use orch_journal::{Error, Journal, RunError, StoreFailure};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(path)?;
/// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
/// match journal.run("five", &double, 5).await {
///     Ok(ten) => assert_eq!(ten, 10),
///     Err(RunError::Journal(Error::Store(error))) if error.failure() == StoreFailure::Full => println!("make space, and run it again"),
///     Err(RunError::Journal(Error::Stopped { fault, .. })) => println!("the pipeline has changed: {fault}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file was written by a later version of this crate.
    #[error("the journal has schema {found}, and this version knows none later than {known}")]
    #[non_exhaustive]
    Newer {
        /// The schema of the file.
        found: i64,
        /// The latest that this version knows.
        known: i64,
    },
    /// The file was written by an earlier version of this crate. A [`Journal`](crate::Journal) that opens it brings it up to date; a
    /// [`Reader`](crate::Reader) writes nothing.
    #[error(
        "the journal has schema {found}, and {known} is read: open it as a `Journal` once, which brings it up to date"
    )]
    #[non_exhaustive]
    Older {
        /// The schema of the file.
        found: i64,
        /// The one that this version reads.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("the file is a database, but no journal")]
    NotAJournal,
    /// The file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is damaged, as SQLite says. It is left as it was.
    #[error("the journal's file is damaged: {what}")]
    #[non_exhaustive]
    DamagedFile {
        /// What SQLite has found first.
        what: String,
    },
    /// What was read of a run is not what had been written.
    #[error("what the journal has of run `{key}` is damaged: {what}")]
    #[non_exhaustive]
    Damaged {
        /// The key of the run.
        key: String,
        /// What of it.
        what: String,
    },
    /// There is a run with this key, of a pipeline with another name.
    #[error("run `{key}` is one of the pipeline `{was}`, not of `{is}`")]
    #[non_exhaustive]
    OtherPipeline {
        /// The key.
        key: String,
        /// The name of its pipeline.
        was: String,
        /// The name that was given.
        is: String,
    },
    /// There is a run with this key, with another input.
    #[error("run `{key}` was begun with another input")]
    #[non_exhaustive]
    OtherInput {
        /// The key.
        key: String,
    },
    /// There is no run with this key.
    #[error("there is no run `{key}`")]
    #[non_exhaustive]
    Unknown {
        /// The key.
        key: String,
    },
    /// Somebody else runs it, and the journal was opened to refuse that: [`Busy::Refuse`](crate::Busy::Refuse).
    #[error("run `{key}` is under way, by `{owner}`")]
    #[non_exhaustive]
    InUse {
        /// The key.
        key: String,
        /// Who runs it.
        owner: String,
        /// When the lease ends unless it is renewed, from now.
        left: Duration,
    },
    /// The lease of the run went to somebody else while it was under way here. It goes on there.
    #[error("the lease of run `{key}` was taken over")]
    #[non_exhaustive]
    LeaseLost {
        /// The key.
        key: String,
    },
    /// The run was cancelled.
    #[error("run `{key}` was cancelled")]
    #[non_exhaustive]
    Cancelled {
        /// The key.
        key: String,
    },
    /// The run cannot go on: its pipeline has changed, say. It is kept.
    #[error("run `{key}` stopped: {fault}")]
    #[non_exhaustive]
    Stopped {
        /// The key.
        key: String,
        /// Why.
        #[source]
        fault: Fault,
    },
    /// Who ran it had to stop, as this says. The run is kept.
    #[error("run `{key}` stopped: {fault}")]
    #[non_exhaustive]
    StoppedElsewhere {
        /// The key.
        key: String,
        /// Why, as text.
        fault: String,
    },
    /// The run has asked for so much that there is no number left for what comes next. It is kept.
    #[error("run `{key}` has more than the {most} entries that a journal keeps of one run")]
    #[non_exhaustive]
    TooLong {
        /// The key.
        key: String,
        /// How many entries a run may have: one for each thing it asks for, and one for what comes of that.
        most: u64,
    },
    /// An input or an output cannot be written as JSON, or not read from it.
    #[error("the {what} of run `{key}` cannot be kept: {error}")]
    #[non_exhaustive]
    Value {
        /// The key.
        key: String,
        /// Which of them: `input` or `output`.
        what: &'static str,
        /// What serde says.
        #[source]
        error: serde_json::Error,
    },
    /// The task that the run was on has panicked, or its tokio runtime has shut down. The run is kept.
    #[error("the task of run `{key}` has ended before it: {reason}")]
    #[non_exhaustive]
    Gone {
        /// The key.
        key: String,
        /// What tokio says.
        reason: String,
    },
}

/// What went wrong with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFailure {
    /// There is no space left.
    Full,
    /// Another connection holds the file locked, for longer than this one waits.
    Locked,
    /// The file is damaged.
    Corrupt,
    /// The system could not open, read or write it.
    Io,
    /// Anything else.
    Other,
}

/// That the journal's file could not be read or written, and why. What was to be written was not, as a whole.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal's file cannot be used: {cause}")]
pub struct StoreError {
    #[source]
    cause: Cause,
}

#[derive(Clone, Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Sqlite(Arc<rusqlite::Error>),
    #[error("there is no thread to write it: {0}")]
    Thread(Arc<str>),
}

impl StoreError {
    pub(crate) fn no_thread(why: &str) -> Self {
        StoreError { cause: Cause::Thread(why.into()) }
    }

    /// That what was handed over got no answer.
    pub(crate) fn closed() -> Self {
        StoreError::no_thread("it has ended")
    }

    /// That it takes too long for who asked. It is done by the thread then, and nobody sees this.
    pub(crate) fn elsewhere() -> Self {
        StoreError::no_thread("it is done elsewhere")
    }

    /// What went wrong.
    ///
    /// ```
    /// use orch_journal::{Error, Journal, StoreFailure};
    ///
    /// let Err(Error::Store(error)) = Journal::open("/no such folder/runs.db") else { panic!() };
    /// assert_eq!(error.failure(), StoreFailure::Io);
    /// ```
    #[must_use]
    pub fn failure(&self) -> StoreFailure {
        use rusqlite::ErrorCode;

        let Cause::Sqlite(error) = &self.cause else { return StoreFailure::Other };
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreFailure::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreFailure::Locked,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreFailure::Corrupt,
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly) => {
                StoreFailure::Io
            }
            _ => StoreFailure::Other,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError { cause: Cause::Sqlite(Arc::new(error)) }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Error::Store(error.into())
    }
}

/// Why a run gave no output.
///
/// The error of a pipeline need not be serde's. It is written down as text; and who runs a key again whose run has failed is given it
/// with its type, path and attempts all the same, as the run is gone through once more, without running a task.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_journal::{Journal, RunError};
///
/// #[task(durable(error = async_orch::durable::Coding::text(std::io::Error::other)))]
/// async fn charge(cents: u32) -> std::io::Result<u32> {
///     Err(std::io::Error::other(format!("no {cents} cents")))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(path)?;
/// let pay = pipeline! { |_: u32| seq(name = "pay") < charge > };
/// for _ in 0..2 {
///     let Err(RunError::Failed(error)) = journal.run("order-17", &pay, 5).await else { panic!() };
///     assert_eq!((error.path().as_str(), error.kind().to_string().as_str()), ("pay/charge", "no 5 cents"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError<E: orch_core::Failure = Infallible> {
    /// The pipeline has failed.
    #[error(transparent)]
    Failed(orch_core::Error<E>),
    /// The pipeline had failed, with an error that displayed as this. It has changed since, or it is not at hand, as for
    /// [`attach`](crate::Journal::attach).
    #[error("{0}")]
    FailedBefore(String),
    /// The run has no end yet, or was cancelled.
    #[error(transparent)]
    Journal(#[from] Error),
}
