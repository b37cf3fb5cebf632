//! Reading a journal without being one of those who run its runs.

use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::store;
use crate::store::list::{self, Filter, Step, Summary};
use crate::{Error, Journal, StoreError};

/// For how long to wait for a file that is locked, unless it is said.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Reads the file of a [`Journal`], and writes nothing: no run is begun, none is gone on with, and no lease is taken.
///
/// Those who write are not kept from it, and what they have written is seen by the next look. Each look opens the file, and closes it: so a file that
/// was put in the place of another is seen too.
///
/// As SQLite keeps beside the file what readers and writers share, either somebody has the file open already, or this process has to have the
/// right to write into its folder.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_journal::{Filter, Journal, Reader, Status};
///
/// #[task(durable)]
/// async fn charge(cents: u32) -> u32 {
///     cents + 1
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(&path)?;
/// let reader = Reader::open(&path)?.max_text(1_000);
/// let order = pipeline! { |_: u32| seq(name = "order") < charge charge > };
/// journal.run("order-17", &order, 5).await?;
///
/// let latest = reader.list(&Filter::new().newest_first().limit(50)).await?;
/// assert_eq!((latest[0].key.as_str(), latest[0].status), ("order-17", Status::Succeeded));
/// assert_eq!(reader.steps("order-17", 0..100).await?.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reader {
    path: PathBuf,
    max_text: usize,
}

impl Reader {
    /// Opens a file that there is; it makes none. Blocks meanwhile, which is short.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is no journal, or is one of another version, later or earlier.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let reader = Reader::of(path.as_ref());
        store::open_to_read(&reader.path, LOCK_WAIT)?;
        Ok(reader)
    }

    pub(crate) fn of(path: &Path) -> Self {
        // So that it is the same file when the process has gone to another folder.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Reader { path, max_text: usize::MAX }
    }

    /// Of an input, a result, a fault, what was asked for or an outcome that is longer, only so many bytes are given, and an
    /// ellipsis. So what is held at once does not follow from how much the runs have written.
    ///
    /// ```
    /// # use orch_journal::Journal;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let long = async_orch::pipeline! { |_: u32| |n| { "x".repeat(n as usize) } as "long" };
    /// journal.run("million", &long, 1_000_000).await?;
    /// let summary = journal.reader().max_text(5).summary("million").await?;
    /// assert_eq!((summary.input.as_str(), summary.result.as_deref()), ("10000…", Some("\"xxxx…")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_text(mut self, bytes: usize) -> Self {
        self.max_text = bytes;
        self
    }

    /// The runs that fit the filter; see [`Journal::list`].
    ///
    /// Dropped, it goes on to its end on a thread of tokio's, and nobody is told.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, Error> {
        let filter = filter.clone();
        self.look(move |conn, max_text| list::all(conn, &filter, max_text)).await
    }

    /// What there is of the run with this key; see [`Journal::summary`].
    ///
    /// # Errors
    ///
    /// If there is none, or the file cannot be read.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn summary(&self, key: &str) -> Result<Summary, Error> {
        let key = key.to_owned();
        self.look(move |conn, max_text| list::one(conn, &key, max_text)).await
    }

    /// Some of what the run with this key has asked for, in order, counted from 0; see [`Journal::steps`].
    ///
    /// ```
    /// # use orch_journal::Journal;
    /// # #[async_orch::task(durable)]
    /// # async fn charge(cents: u32) -> u32 {
    /// #     cents + 1
    /// # }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let orders = async_orch::pipeline! { |_: Vec<u32>| each < charge > };
    /// journal.run("orders", &orders, (0..250).collect()).await?;
    /// let reader = journal.reader();
    /// let mut pages = Vec::new();
    /// for first in (0..).step_by(100) {
    ///     let steps = reader.steps("orders", first..first + 100).await?;
    ///     pages.push(steps.len());
    ///     if steps.len() < 100 {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(pages, [100, 100, 50]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no such run, or the file cannot be read; [`Error::Damaged`] if what was read is not what had been written.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn steps(&self, key: &str, steps: Range<usize>) -> Result<Vec<Step>, Error> {
        let key = key.to_owned();
        self.look(move |conn, max_text| list::steps(conn, &key, steps, max_text)).await
    }

    /// Looks on a thread that may wait for the disk.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection, usize) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Reader { path, max_text } = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let conn = store::open_to_read(&path, LOCK_WAIT)?;
            // All of it is of one moment.
            let moment = conn.unchecked_transaction()?;
            look(&moment, max_text)
        });
        match looking.await {
            Ok(seen) => seen,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime shuts down.
                Err(_) => Err(StoreError::closed().into()),
            },
        }
    }
}

impl From<&Journal> for Reader {
    fn from(journal: &Journal) -> Self {
        journal.reader()
    }
}

impl From<&Reader> for Reader {
    fn from(reader: &Reader) -> Self {
        reader.clone()
    }
}
