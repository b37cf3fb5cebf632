//! A journal: opening it, and what can be asked of its runs.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Error;
use crate::reader::{LOCK_WAIT, Reader};
use crate::served::Recoverable;
use crate::store::list::{self, Filter, Status, Step, Summary};
use crate::store::{self, How, Owner, Writer, rows};

/// What to do with a run that somebody else runs.
///
/// ```
/// use orch_journal::{Busy, Error, Journal, RunError};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// # #[async_orch::task(durable)]
/// # async fn for_ever() {
/// #     std::future::pending().await
/// # }
/// let order = std::sync::Arc::new(async_orch::pipeline! { for_ever() });
/// let one = Journal::options().owner("one").open(&path)?;
/// let two = Journal::options().busy(Busy::Refuse).open(&path)?;
/// let run = one.start("order-17", order.clone(), ()).await?;
/// let Err(RunError::Journal(Error::InUse { owner, .. })) = two.run("order-17", &order, ()).await else { panic!() };
/// assert_eq!(owner, "one");
/// # drop(run);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Busy {
    /// To wait until it has ended, and give what it gave; or until its lease ends, and go on with it.
    #[default]
    Wait,
    /// [`Error::InUse`].
    Refuse,
}

/// How a journal is opened.
///
/// ```
/// use orch_journal::{Busy, Journal};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::options()
///     .owner("worker-1")
///     .lease(Duration::from_secs(30))
///     .busy(Busy::Refuse)
///     .lock_wait(Duration::from_secs(1))
///     .max_bytes(1 << 30)
///     .checked(true)
///     .open(path)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    owner: Option<String>,
    lease: Duration,
    busy: Busy,
    lock_wait: Duration,
    how: How,
}

impl Options {
    /// The name by which this process holds the leases of its runs; a random one if none is given.
    ///
    /// Who has the same name is taken to be the same worker, started again: it goes on at once with what its predecessor had
    /// under way, and does not wait for the leases to end. So no two processes that live at the same time may have it.
    pub fn owner(mut self, name: impl Into<String>) -> Self {
        self.owner = Some(name.into());
        self
    }

    /// For how long nobody else takes over a run whose process has died. 10 seconds if it is not given, and at least 30 milliseconds.
    ///
    /// It is renewed three times as often, for as long as the process lives, by a thread of its own.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(30));
        self
    }

    /// What to do with a run that somebody else runs. To wait, if it is not given.
    pub fn busy(mut self, busy: Busy) -> Self {
        self.busy = busy;
        self
    }

    /// For how long to wait for a file that another process has locked before that is an error. 5 seconds if it is not given.
    ///
    /// Processes lock it for as long as they write, which is milliseconds; a backup or a tool can take longer.
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }

    /// The most that the file may become, in bytes. Without it the disk is the limit.
    ///
    /// What does not fit is an error with [`StoreFailure::Full`](crate::StoreFailure::Full), as when the disk is full.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.how.max_bytes = Some(bytes);
        self
    }

    /// Whether the whole file is read and checked when it is opened: yes, if it is not given.
    ///
    /// Without it, damage is found where it is come to. A key whose place in the index is damaged may then look like one that is new. To
    /// read a file takes about a second for some hundred megabytes.
    pub fn checked(mut self, checked: bool) -> Self {
        self.how.checked = checked;
        self
    }

    /// Opens the file, which is made if there is none, and brought up to date if an earlier version of this crate has written it. Blocks
    /// meanwhile, as opening a file does.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is damaged, is no journal, or is one of a later version. It is left as it was then.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Journal, Error> {
        let Options { owner, lease, busy, lock_wait, how } = self;
        let path = path.as_ref();
        let writer = store::open(path, lock_wait, lease, how)?;
        let session = RandomState::new().hash_one(std::process::id()).cast_signed();
        let name =
            owner.unwrap_or_else(|| format!("process {} ({:x})", std::process::id(), session & 0xffff));
        Ok(Journal {
            inner: Arc::new(Inner {
                path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
                writer: Arc::new(writer),
                owner: Owner { name, session },
                lease,
                busy,
                served: Mutex::default(),
                ended: Notify::new(),
            }),
        })
    }
}

/// Runs that outlive their process, in one SQLite file.
///
/// It can be cloned: all clones are the same journal. Several processes can have one file open at the same time.
///
/// A run is known by its key. What it is given, what it asks for, and what comes of that are written down, and are on the disk before
/// the next task begins and before the run is said to have ended. So a process that comes after goes on where one has ended: no task that had finished and was written down
/// is run again. Tasks that were under way are, and so a task can run twice: make what it does the same if it is done again.
///
/// Dropping the future of a run is as a crash of the process: the run is kept, and goes on with [`run`](Journal::run) or
/// [`recover`](Journal::recover). [`cancel`](Journal::cancel) ends it.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_journal::Journal;
/// use std::time::Duration;
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
/// let order = pipeline! { |_: u32| seq(name = "order") < charge charge > };
/// {
///     let journal = Journal::open(&path)?;
///     // Whatever it has come to by then.
///     let run = tokio::time::timeout(Duration::from_millis(1), journal.run("order-17", &order, 5));
///     run.await.ok();
/// }
/// let journal = Journal::open(&path)?;
/// assert_eq!(journal.run("order-17", &order, 5).await?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Journal {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) writer: Arc<Writer>,
    pub(crate) owner: Owner,
    pub(crate) lease: Duration,
    pub(crate) busy: Busy,
    pub(crate) served: Mutex<HashMap<String, Arc<dyn Recoverable>>>,
    /// A run has ended here.
    pub(crate) ended: Notify,
}

impl Journal {
    /// Opens the file, which is made if there is none; blocks meanwhile.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_journal::Journal;
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
    /// let journal = Journal::open(path)?;
    /// let order = pipeline! { |_: u32| seq(name = "order") < charge charge > };
    /// assert_eq!(journal.run("order-17", &order, 5).await?, 7);
    /// // The same key is the same run: it has ended, and nothing runs.
    /// assert_eq!(journal.run("order-17", &order, 5).await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Journal::options().open(path)
    }

    /// To be opened otherwise than by [`open`](Journal::open); see [`Options`].
    pub fn options() -> Options {
        Options {
            owner: None,
            lease: Duration::from_secs(10),
            busy: Busy::default(),
            lock_wait: LOCK_WAIT,
            how: How { checked: true, max_bytes: None },
        }
    }

    /// The name by which this process holds leases: [`Options::owner`].
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.inner.owner.name
    }

    /// Where the run with this key is.
    ///
    /// ```
    /// # use orch_journal::{Error, Journal};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// assert!(matches!(journal.status("order-18").await, Err(Error::Unknown { .. })));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is none, or the file cannot be read.
    pub async fn status(&self, key: &str) -> Result<Status, Error> {
        Ok(self.summary(key).await?.status)
    }

    /// What there is of the run with this key.
    ///
    /// ```
    /// # use orch_journal::{Journal, Status};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
    /// journal.run("five", &double, 5).await?;
    /// let five = journal.summary("five").await?;
    /// assert_eq!((five.status, five.pipeline.as_str(), five.result.as_deref()), (Status::Succeeded, "double", Some("10")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is none, or the file cannot be read.
    pub async fn summary(&self, key: &str) -> Result<Summary, Error> {
        let key = key.to_owned();
        self.inner.writer.submit(move |conn| list::one(conn, &key, usize::MAX)).await
    }

    /// What the run with this key has asked for, in order.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_journal::Journal;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// #[task(durable)]
    /// async fn charge(cents: u32) -> String {
    ///     format!("{cents} cents")
    /// }
    ///
    /// journal.run("order-17", &pipeline! { |_: u32| seq(name = "order") < charge > }, 5).await?;
    /// let steps = journal.steps("order-17").await?;
    /// assert!(steps[0].asked.starts_with("run order/charge of "));
    /// assert_eq!(steps[0].outcome.as_deref(), Some("ok:\"5 cents\""));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is none, or the file cannot be read.
    pub async fn steps(&self, key: &str) -> Result<Vec<Step>, Error> {
        let key = key.to_owned();
        self.inner.writer.submit(move |conn| list::steps(conn, &key, 0..usize::MAX, usize::MAX)).await
    }

    /// The runs that fit the filter, the oldest first unless that says otherwise.
    ///
    /// ```
    /// # use orch_journal::{Filter, Journal, Status};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// for run in journal.list(&Filter::new().status(Status::Interrupted)).await? {
    ///     println!("{} {} {}", run.key, run.pipeline, run.done);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, Error> {
        let filter = filter.clone();
        self.inner.writer.submit(move |conn| list::all(conn, &filter, usize::MAX)).await
    }

    /// Ends a run that has no end yet. Who runs it, in this process or another, drops it: here at once, elsewhere when it next writes
    /// something or renews its lease. Nothing is undone.
    ///
    /// Whether it had no end: `false` says that it was too late.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_journal::{Journal, Status};
    /// # use std::sync::Arc;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// #[task(durable)]
    /// async fn for_ever() {
    ///     std::future::pending().await
    /// }
    ///
    /// let run = journal.start("order-17", Arc::new(pipeline! { for_ever() }), ()).await?;
    /// assert!(journal.cancel("order-17").await?);
    /// assert_eq!(run.await.unwrap_err().to_string(), "run `order-17` was cancelled");
    /// assert_eq!(journal.status("order-17").await?, Status::Cancelled);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is none, or the file cannot be written.
    pub async fn cancel(&self, key: &str) -> Result<bool, Error> {
        let key = key.to_owned();
        let cancel = move |conn: &rusqlite::Connection| {
            let run = rows::find(conn, &key)?.ok_or_else(|| Error::Unknown { key: key.clone() })?;
            if run.state != "running" {
                return Ok(false);
            }
            rows::end(conn, &run, None, "cancelled", None, store::now())
        };
        let was_running = self.inner.writer.submit(cancel).await?;
        self.inner.writer.look();
        self.inner.ended.notify_waiters();
        Ok(was_running)
    }

    /// Removes the runs that fit the filter and have an end. How many these were. Their keys are free then.
    ///
    /// ```
    /// # use orch_journal::{Filter, Journal};
    /// # use std::time::Duration;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let week = Duration::from_secs(7 * 86_400);
    /// assert_eq!(journal.purge(&Filter::new().older_than(week)).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub async fn purge(&self, filter: &Filter) -> Result<u64, Error> {
        let filter = filter.clone();
        self.inner.writer.submit(move |conn| list::purge(conn, &filter)).await
    }

    /// How many transactions this journal has committed since it was opened: those of all runs together.
    ///
    /// ```
    /// # use orch_journal::Journal;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("runs.db");
    /// let journal = Journal::open(path)?;
    /// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
    /// journal.run("five", &double, 5).await?;
    /// assert_eq!(journal.commits(), 2, "that it was begun, and that it has ended");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.inner.writer.commits()
    }

    /// Something that reads the file beside this journal, and keeps nobody from writing: for a page that shows its runs, say.
    ///
    /// ```
    /// # use orch_journal::{Filter, Journal};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("runs.db");
    /// let journal = Journal::open(path)?;
    /// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
    /// journal.run("five", &double, 5).await?;
    /// assert_eq!(journal.reader().list(&Filter::new()).await?[0].key, "five");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reader(&self) -> Reader {
        Reader::of(&self.inner.path)
    }

    pub(crate) fn served(&self, name: &str) -> Option<Arc<dyn Recoverable>> {
        self.inner.served.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("owner", &self.inner.owner.name).finish_non_exhaustive()
    }
}
