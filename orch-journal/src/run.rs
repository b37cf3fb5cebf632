//! Running a pipeline under a key.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use orch_core::Run;
use orch_core::durable::{Durable, Fault, Mailbox, check, drive};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::engine::{Journaled, brief};
use crate::error::StoreError;
use crate::journal::{Busy, Inner};
use crate::store::leases::{self, Begun, Ended, Taken};
use crate::store::rows::{self, Sum};
use crate::store::{Answer, By, Commit, Lease, now};
use crate::{Error, Journal, RunError};

/// How long to wait before a run of another process is looked at again: at first, and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// A pipeline whose runs a journal can keep: every step is [`Durable`], and input and output can be written as JSON.
///
/// Pipelines have it by themselves.
///
/// ```
/// use async_orch::{BoxError, pipeline, task};
/// use orch_journal::Keepable;
///
/// #[task(durable)]
/// async fn charge(cents: u32) -> u32 {
///     cents
/// }
///
/// fn payment() -> impl Keepable<In = u32, Out = u32, Error = BoxError> {
///     pipeline! { |_: u32| seq(name = "pay") < charge > }
/// }
/// # let _ = payment();
/// ```
pub trait Keepable: Durable<In: Serialize + DeserializeOwned, Out: Serialize + DeserializeOwned> {}

impl<P: Durable<In: Serialize + DeserializeOwned, Out: Serialize + DeserializeOwned>> Keepable for P {}

type Output<P> = Result<<P as Run>::Out, RunError<<P as Run>::Error>>;

impl Journal {
    /// Runs a pipeline under a key, or goes on with the run that has it, or gives what that has given.
    ///
    /// The name of the pipeline is that of its outermost block: `seq(name = "order")`. Its input is compared as JSON; so a set in it
    /// should have an order, as a `BTreeSet` has. What it gives is what was written down and read again.
    ///
    /// That the run is begun is written down before its first task begins, and outlives the process. It outlives a power failure too from
    /// when its first result is on the disk, at the latest after 10 milliseconds; [`start`](Journal::start) waits for that first.
    ///
    /// # Errors
    ///
    /// [`RunError::Failed`] if the pipeline fails, now or before. Else with what hinders the run, which is kept:
    ///
    /// - [`Error::OtherPipeline`] and [`Error::OtherInput`] if the key is that of another run.
    /// - [`Error::InUse`] if somebody else runs it, and that is to be refused.
    /// - [`Error::Cancelled`] if it was cancelled, [`Error::LeaseLost`] if somebody else took it over.
    /// - [`Error::Stopped`] with a [`Fault`] if the pipeline has changed, or is not deterministic.
    /// - [`Error::Store`] and [`Error::Damaged`] if the file cannot be used.
    ///
    /// # Panics
    ///
    /// If the pipeline does, outside of its tasks: in an inline step.
    ///
    /// # Cancellation
    ///
    /// Dropping the future is as a crash of the process: the run is kept, and is free for whoever goes on with it.
    pub async fn run<P: Keepable>(&self, key: &str, pipeline: &P, input: P::In) -> Output<P> {
        let name = name_of(pipeline);
        self.run_named(&name, key, pipeline, input).await
    }

    /// The same on a task of its own, from when it is on the disk that there is the run.
    ///
    /// The run goes on if what is returned is dropped; [`cancel`](Journal::cancel) ends it. To share a pipeline, give it in an `Arc`.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_journal::Journal;
    /// use std::sync::Arc;
    ///
    /// #[task(durable)]
    /// async fn charge(cents: u32) -> u32 {
    ///     cents + 1
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let order = Arc::new(pipeline! { |_: u32| seq(name = "order") < charge > });
    /// let run = journal.start("order-17", order, 5).await?;
    /// assert_eq!(run.key(), "order-17");
    /// assert_eq!(run.await?, 6);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What hinders the run from being begun, as [`run`](Journal::run). What comes after is given by [`Started`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start<P: Keepable + 'static>(
        &self,
        key: &str,
        pipeline: P,
        input: P::In,
    ) -> Result<Started<P::Out, P::Error>, Error> {
        let name = name_of(&pipeline);
        self.start_named(&name, key, Arc::new(pipeline), input).await
    }

    /// Waits until the run with this key has ended, whoever runs it, and gives its output.
    ///
    /// A run that nobody runs is waited for as well: somebody may [`recover`](Journal::recover) it.
    ///
    /// ```
    /// # use orch_journal::Journal;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
    /// journal.run("five", &double, 5).await?;
    /// let output: u32 = journal.attach("five").await?;
    /// assert_eq!(output, 10);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RunError::FailedBefore`] if its pipeline has failed; else if there is no such run, it was cancelled, its output is none of this type,
    /// or who ran it had to stop ([`Error::StoppedElsewhere`]).
    pub async fn attach<T: DeserializeOwned>(&self, key: &str) -> Result<T, RunError> {
        let mut wait = LOOK.0;
        loop {
            let ended = self.inner.ended.notified();
            let found = key.to_owned();
            let (run, stopped) = self
                .inner
                .writer
                .submit(move |conn| {
                    let run =
                        rows::find(conn, &found)?.ok_or_else(|| Error::Unknown { key: found.clone() })?;
                    let stopped: Option<String> = conn
                        .prepare_cached(
                            "SELECT CASE WHEN until <= ?2 THEN fault END FROM runs WHERE id = ?1",
                        )?
                        .query_row((run.id, now()), |row| row.get(0))?;
                    Ok((run, stopped))
                })
                .await?;
            let result = run.result.as_deref().unwrap_or_default();
            match run.state.as_str() {
                "succeeded" => return Ok(read(key, "output", result)?),
                "failed" => return Err(RunError::FailedBefore(result.to_owned())),
                "cancelled" => return Err(Error::Cancelled { key: run.key }.into()),
                _ => {}
            }
            if let Some(fault) = stopped {
                return Err(Error::StoppedElsewhere { key: run.key, fault }.into());
            }
            drop(timeout(wait, ended).await);
            wait = (wait * 2).min(LOOK.1);
        }
    }

    pub(crate) async fn run_named<P: Keepable>(
        &self,
        name: &str,
        key: &str,
        pipeline: &P,
        input: P::In,
    ) -> Output<P> {
        let request = Request::new(name, key, pipeline, &input)?;
        // What was written down is what counts, from the first on.
        drop(input);
        let taken = self.inner.take(&request).await?;
        self.inner.go_on(&request, pipeline, taken).await
    }

    pub(crate) async fn start_named<P: Keepable + 'static>(
        &self,
        name: &str,
        key: &str,
        pipeline: Arc<P>,
        input: P::In,
    ) -> Result<Started<P::Out, P::Error>, Error> {
        let mut request = Request::new(name, key, &pipeline, &input)?;
        request.is_synced = true;
        drop(input);
        let taken = match self.inner.ask(&request).await? {
            Taken::No { owner, left } if self.inner.busy == Busy::Refuse => {
                return Err(Error::InUse { key: request.key, owner, left });
            }
            taken => taken,
        };
        let inner = self.inner.clone();
        let key = request.key.clone();
        let task = tokio::spawn(async move {
            let taken = match taken {
                Taken::No { .. } => inner.take(&request).await?,
                taken => taken,
            };
            inner.go_on(&request, &*pipeline, taken).await
        });
        Ok(Started { key, task })
    }
}

fn name_of(pipeline: &impl Run) -> String {
    pipeline.graph().nodes().first().map_or_else(String::new, |node| node.name().to_owned())
}

fn read<T: DeserializeOwned>(key: &str, what: &'static str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Value { key: key.to_owned(), what, error })
}

/// What is asked for: a run with a key, and what it is to be begun with.
pub(crate) struct Request {
    pub(crate) key: String,
    name: String,
    /// None to go on with what there is.
    input: Option<String>,
    /// Whether that it was begun is on the disk before anything else happens.
    is_synced: bool,
}

impl Request {
    fn new<P: Keepable>(name: &str, key: &str, pipeline: &P, input: &P::In) -> Result<Self, Error> {
        let key = key.to_owned();
        if let Err(fault) = check(pipeline) {
            return Err(Error::Stopped { key, fault });
        }
        match serde_json::to_string(input) {
            Ok(input) => Ok(Request { key, name: name.to_owned(), input: Some(input), is_synced: false }),
            Err(error) => Err(Error::Value { key, what: "input", error }),
        }
    }

    pub(crate) fn known(name: &str, key: String) -> Self {
        Request { key, name: name.to_owned(), input: None, is_synced: false }
    }

    /// Whether a run that there is is the one that is asked for.
    fn compare(&self, run: &rows::Run) -> Result<(), Error> {
        let key = || self.key.clone();
        if run.pipeline != self.name {
            let (was, is) = (run.pipeline.clone(), self.name.clone());
            return Err(Error::OtherPipeline { key: key(), was, is });
        }
        match &self.input {
            Some(input) if *input != run.input => {
                // A map in it may be in another order.
                let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
                if value(input) == value(&run.input) { Ok(()) } else { Err(Error::OtherInput { key: key() }) }
            }
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// Asks for the run once: now, whenever the answer is waited for.
    pub(crate) fn ask(&self, request: &Request) -> Answer<Taken> {
        let (key, name, input) = (request.key.clone(), request.name.clone(), request.input.clone());
        let (owner, lease) = (self.owner.clone(), self.lease);
        let is_synced = request.is_synced;
        let request = Request { key: key.clone(), name: name.clone(), input: input.clone(), is_synced };
        let ask = move |conn: &rusqlite::Connection, by| {
            brief(by, &[], input.as_deref())?;
            let new = input.as_deref().map(|input| (name.as_str(), input));
            if let Some(new) = new
                && let Some(begun) = leases::begin(conn, &key, new, &owner, lease)?
            {
                return Ok(begun);
            }
            // All that happened in it is read, which may be much.
            if by == By::Caller {
                return Err(StoreError::elsewhere().into());
            }
            let run = rows::find(conn, &key)?.ok_or_else(|| Error::Unknown { key: key.clone() })?;
            request.compare(&run)?;
            leases::take(conn, run, &owner, lease)
        };
        let leases = self.writer.leases();
        self.writer.write(Commit { is_synced, is_alone: true }, ask, |taken| taken.hold(leases))
    }

    /// Asks for it until it is ours or has ended.
    pub(crate) async fn take(&self, request: &Request) -> Result<Taken, Error> {
        let mut wait = LOOK.0;
        loop {
            let ended = self.ended.notified();
            match self.ask(request).await? {
                Taken::No { owner, left } if self.busy == Busy::Refuse => {
                    return Err(Error::InUse { key: request.key.clone(), owner, left });
                }
                Taken::No { left, .. } => {
                    drop(timeout(wait.min(left.max(LOOK.0)), ended).await);
                    wait = (wait * 2).min(LOOK.1);
                }
                taken => return Ok(taken),
            }
        }
    }

    pub(crate) async fn go_on<P: Keepable>(
        &self,
        request: &Request,
        pipeline: &P,
        taken: Taken,
    ) -> Output<P> {
        match taken {
            Taken::Yes(begun) => {
                let result = self.drive(pipeline, *begun).await;
                self.ended.notify_waiters();
                result
            }
            Taken::Ended(ended) => self.repeat(pipeline, *ended).await,
            Taken::No { owner, left } => Err(Error::InUse { key: request.key.clone(), owner, left }.into()),
        }
    }

    async fn drive<P: Keepable>(&self, pipeline: &P, begun: Begun<Lease>) -> Output<P> {
        let Begun { mut lease, run, entries } = begun;
        let run = Arc::new(run);
        let hold = Some(lease.hold.clone());
        let mut engine = Journaled::new(self.writer.clone(), hold, run.clone(), entries);
        let result = finish(pipeline, &run, &mut engine).await;
        match &result {
            Ok(_) | Err(RunError::Failed(_)) => lease.is_over = true,
            Err(error) => lease.fault = Some(error.to_string()),
        }
        result
    }

    /// What a run has given that has ended.
    async fn repeat<P: Keepable>(&self, pipeline: &P, ended: Ended) -> Output<P> {
        let Ended { run, entries } = ended;
        let result = run.result.clone().unwrap_or_default();
        match run.state.as_str() {
            "succeeded" => Ok(read(&run.key, "output", &result)?),
            "cancelled" => Err(Error::Cancelled { key: run.key }.into()),
            // Its error has no type in the file. But the run can be gone through once more, up to its end, where it has that again; unless
            // the pipeline is another one by now.
            _ => {
                let run = Arc::new(run);
                let mut engine = Journaled::new(self.writer.clone(), None, run.clone(), entries);
                match finish(pipeline, &run, &mut engine).await {
                    Err(RunError::Failed(error)) if error.to_string() == result => {
                        Err(RunError::Failed(error))
                    }
                    _ => Err(RunError::FailedBefore(result)),
                }
            }
        }
    }
}

/// Runs it to its end, and writes that down.
async fn finish<P: Keepable>(pipeline: &P, run: &rows::Run, engine: &mut Journaled) -> Output<P> {
    let key = &run.key;
    let input: P::In = read(key, "input", &run.input)?;
    let mailbox = Mailbox::new(Sum::new().and(key.as_bytes()).finish());
    let ran = drive(&mailbox, pipeline.on(&mailbox).run_as(key.as_str(), input), engine).await;
    match ran {
        Ok(Ok(output)) => {
            let text = serde_json::to_string(&output);
            let text = text.map_err(|error| Error::Value { key: key.clone(), what: "output", error })?;
            // A value that does not survive being written down is found out now, not after a crash.
            let output = read(key, "output", &text)?;
            engine.end("succeeded", text).await?;
            Ok(output)
        }
        Ok(Err(error)) => {
            engine.end("failed", error.to_string()).await?;
            Err(RunError::Failed(error))
        }
        Err(fault) => Err(stopped(key, fault, engine).into()),
    }
}

fn stopped(key: &str, fault: Fault, engine: &mut Journaled) -> Error {
    engine.error.take().unwrap_or_else(|| Error::Stopped { key: key.to_owned(), fault })
}

/// A run that was started: a future of what it gives. Dropped, the run goes on.
///
/// ```
/// # use orch_journal::Journal;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(path)?;
/// let double = std::sync::Arc::new(async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" });
/// let five = journal.start("five", double.clone(), 5).await?;
/// let six = journal.start("six", double, 6).await?;
/// assert_eq!((five.await?, six.await?), (10, 12));
/// # Ok(())
/// # }
/// ```
#[must_use = "the run goes on by itself; this tells what comes of it"]
pub struct Started<T, E: orch_core::Failure> {
    key: String,
    task: JoinHandle<Result<T, RunError<E>>>,
}

impl<T, E: orch_core::Failure> Started<T, E> {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl<T, E: orch_core::Failure> Future for Started<T, E> {
    type Output = Result<T, RunError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = std::task::ready!(Pin::new(&mut self.task).poll(cx));
        Poll::Ready(result.unwrap_or_else(|error| {
            Err(Error::Gone { key: self.key.clone(), reason: error.to_string() }.into())
        }))
    }
}

impl<T, E: orch_core::Failure> fmt::Debug for Started<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("key", &self.key).finish_non_exhaustive()
    }
}
