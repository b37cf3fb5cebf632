//! Pipelines by name, and going on with what is unfinished of them.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use crate::journal::Inner;
use crate::run::{Keepable, Request, Started};
use crate::store::leases::Taken;
use crate::store::list;
use crate::{Error, Journal, RunError};

/// How long to wait at least before a run that was held is looked at again.
const AGAIN: Duration = Duration::from_millis(20);

impl Journal {
    /// Makes a pipeline known by a name, so that runs of it can be gone on with in another process.
    ///
    /// A pipeline that is served anew under a name takes the place of the one before, for what is begun from then on.
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
    /// let orders = journal.serve("order", pipeline! { |_: u32| seq < charge > });
    /// // What an earlier process has left.
    /// journal.recover().await?;
    /// assert_eq!(orders.run("order-17", 5).await?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn serve<P: Keepable + 'static>(&self, name: impl Into<String>, pipeline: P) -> Served<P> {
        let (name, pipeline) = (name.into(), Arc::new(pipeline));
        self.inner
            .served
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone(), Arc::new(Kept(pipeline.clone())));
        Served { journal: self.clone(), name, pipeline }
    }

    /// Goes on with the unfinished runs of all pipelines that are [served](Journal::serve), each on a task of its own.
    ///
    /// Those that somebody else holds may be of a process that has died: they are looked at again when their leases end, for as long as this
    /// journal is open, and gone on with if they are free then.
    ///
    /// All runs in the file are looked at, one after the other: a million small ones take about 0.1 s. [`purge`](Journal::purge) removes those
    /// that have an end.
    ///
    /// What comes of them [`attach`](Journal::attach) tells. One that cannot go on stays as it is, and
    /// [`Summary::fault`](crate::Summary::fault) says why.
    ///
    /// ```
    /// # use orch_journal::Journal;
    /// # #[async_orch::task(durable)]
    /// # async fn charge(cents: u32) -> u32 {
    /// #     cents + 1
    /// # }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("runs.db");
    /// let order = || async_orch::pipeline! { |_: u32| seq < charge charge > };
    /// {
    ///     // A process that ends in the middle.
    ///     let orders = Journal::open(&path)?.serve("order", order());
    ///     let run = tokio::time::timeout(std::time::Duration::from_millis(30), orders.run("order-17", 5));
    ///     run.await.ok();
    /// }
    /// let journal = Journal::open(&path)?;
    /// journal.serve("order", order());
    /// for key in journal.recover().await?.resumed {
    ///     let output: u32 = journal.attach(&key).await?;
    ///     println!("{key}: {output}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn recover(&self) -> Result<Recovery, Error> {
        let names: Vec<String> =
            self.inner.served.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        self.recover_named(names).await
    }

    async fn recover_named(&self, names: Vec<String>) -> Result<Recovery, Error> {
        let session = self.inner.owner.session;
        let runs = self.inner.writer.submit(move |conn| list::unfinished(conn, &names, session)).await?;
        // All at once, so that they share their transactions.
        let asked: Vec<_> = runs
            .into_iter()
            .map(|(name, key)| {
                let request = Request::known(&name, key);
                (name, self.inner.ask(&request), request)
            })
            .collect();
        let mut recovery = Recovery::default();
        let mut failed = Ok(());
        for (name, answer, request) in asked {
            let key = request.key.clone();
            match self.resume(&name, request, answer.await) {
                Ok(None) => recovery.resumed.push(key),
                Ok(Some(left)) => {
                    tokio::spawn(watch(Arc::downgrade(&self.inner), name, key.clone(), left));
                    recovery.held.push(key);
                }
                Err(error @ Error::Store(_)) => failed = Err(error),
                // Of one run, which is damaged; it is none of the others'.
                Err(error) => recovery.damaged.push((key, error)),
            }
        }
        failed.map(|()| recovery)
    }

    /// Goes on with one, or tells for how long somebody holds it.
    fn resume(
        &self,
        name: &str,
        request: Request,
        answer: Result<Taken, Error>,
    ) -> Result<Option<Duration>, Error> {
        match (answer?, self.served(name)) {
            (Taken::No { left, .. }, _) => Ok(Some(left)),
            (taken, Some(served)) => {
                served.go_on(self.inner.clone(), request, taken);
                Ok(None)
            }
            (_, None) => Ok(None),
        }
    }
}

/// Looks again when the lease ends.
async fn watch(inner: Weak<Inner>, name: String, key: String, mut left: Duration) {
    loop {
        tokio::time::sleep(left.max(AGAIN)).await;
        let Some(inner) = inner.upgrade() else { return };
        let request = Request::known(&name, key.clone());
        let answer = inner.ask(&request).await;
        match (Journal { inner }).resume(&name, request, answer) {
            Ok(Some(more)) => left = more,
            Ok(None) => return,
            // The file may be usable later.
            Err(Error::Store(_)) => {}
            Err(_) => return,
        }
    }
}

/// What [`recover`](Journal::recover) has found.
///
/// ```
/// # use orch_journal::Journal;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(path)?;
/// let recovery = journal.recover().await?;
/// println!("{} go on, {} are held", recovery.resumed.len(), recovery.held.len());
/// for (key, error) in recovery.damaged {
///     println!("{key}: {error}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// The keys of the runs that go on.
    pub resumed: Vec<String>,
    /// The keys of those that somebody else runs, or ran: they go on here when their lease has ended.
    pub held: Vec<String>,
    /// The keys of those that cannot be read, and why.
    pub damaged: Vec<(String, Error)>,
}

/// A pipeline of a journal, by a name: what [`Journal::serve`] gives.
///
/// ```
/// # use orch_journal::Journal;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(path)?;
/// let double = journal.serve("double", async_orch::pipeline! { |_: u32| |n| { n * 2 } });
/// assert_eq!(double.run("five", 5).await?, 10);
/// assert_eq!(double.start("six", 6).await?.await?, 12);
/// assert_eq!(double.name(), "double");
/// # Ok(())
/// # }
/// ```
pub struct Served<P> {
    journal: Journal,
    name: String,
    pipeline: Arc<P>,
}

impl<P: Keepable + 'static> Served<P> {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs it under a key; see [`Journal::run`].
    ///
    /// # Errors
    ///
    /// As [`Journal::run`].
    pub async fn run(&self, key: &str, input: P::In) -> Result<P::Out, RunError<P::Error>> {
        self.journal.run_named(&self.name, key, &*self.pipeline, input).await
    }

    /// Starts a run of it under a key; see [`Journal::start`].
    ///
    /// # Errors
    ///
    /// As [`Journal::start`].
    pub async fn start(&self, key: &str, input: P::In) -> Result<Started<P::Out, P::Error>, Error> {
        self.journal.start_named(&self.name, key, self.pipeline.clone(), input).await
    }

    /// Goes on with its unfinished runs; see [`Journal::recover`].
    ///
    /// # Errors
    ///
    /// As [`Journal::recover`].
    pub async fn recover(&self) -> Result<Recovery, Error> {
        self.journal.recover_named(vec![self.name.clone()]).await
    }
}

impl<P> fmt::Debug for Served<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A pipeline without its types.
pub(crate) trait Recoverable: Send + Sync {
    /// Goes on with a run on a task of its own.
    fn go_on(&self, inner: Arc<Inner>, request: Request, taken: Taken);
}

struct Kept<P>(Arc<P>);

impl<P: Keepable + 'static> Recoverable for Kept<P> {
    fn go_on(&self, inner: Arc<Inner>, request: Request, taken: Taken) {
        let pipeline = self.0.clone();
        // What comes of it is in the journal.
        tokio::spawn(async move { drop(inner.go_on(&request, &*pipeline, taken).await) });
    }
}
