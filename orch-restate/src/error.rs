//! Why a run gave no output, and why a server or a worker could not do its part.

use std::fmt;

use orch_core::durable::Fault;
use orch_core::{ErrorKind, Failure, Wire};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::HttpError;

/// Why something could not be done. No run is lost by it.
///
/// ```no_run
/// use orch_restate::{Client, Error, RunError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let orders = Client::new("http://127.0.0.1:8080", "http://127.0.0.1:9070")?.of::<u32, String>("order");
/// match orders.run("order-17", &5).await {
///     Ok(receipt) => println!("{receipt}"),
///     Err(RunError::Failed(failed)) => println!("the order has failed: {failed}"),
///     Err(RunError::Restate(Error::Unreachable { .. })) => println!("ask again later, with the same key"),
///     Err(RunError::Restate(Error::Changed { was, is, .. })) => println!("deploy the version that asks to {was}, not to {is}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server does not answer. What it has is kept: ask again with the same key.
    #[error("the Restate server at {address} cannot be reached: {why}")]
    #[non_exhaustive]
    Unreachable {
        /// Its address.
        address: String,
        /// What the system says.
        why: String,
    },
    /// The server is of a version that this crate does not speak with.
    #[error(
        "the Restate server at {address} is of version {found}; this version of orch-restate speaks with {known}"
    )]
    #[non_exhaustive]
    Version {
        /// Its address.
        address: String,
        /// The version that it says.
        found: String,
        /// The versions that are known.
        known: &'static str,
    },
    /// The server has refused something, as this says.
    #[error("the Restate server at {address} says: {message} (status {status})")]
    #[non_exhaustive]
    Refused {
        /// Its address.
        address: String,
        /// The status of its answer.
        status: u16,
        /// What it says.
        message: String,
    },
    /// No worker that the server knows serves a pipeline of this name.
    #[error("no worker serves a pipeline `{name}`: start one, and register its address with the server")]
    #[non_exhaustive]
    UnknownPipeline {
        /// The name.
        name: String,
    },
    /// There is no run with this key, or the server has forgotten it: see
    /// [`retention`](crate::Options::retention).
    #[error("there is no run `{key}` of the pipeline `{pipeline}`")]
    #[non_exhaustive]
    UnknownRun {
        /// The name of the pipeline.
        pipeline: String,
        /// The key.
        key: String,
    },
    /// The pipeline is not the one that the run was begun with. The run is kept: it goes on when a worker with that pipeline is
    /// there again, and the server tries on its own every few seconds. Or [`cancel`](crate::Runs::cancel) it.
    #[error(
        "the pipeline is not the one that run `{key}` was begun with: it asks to {is}, where it had asked to {was}; the run is kept"
    )]
    #[non_exhaustive]
    Changed {
        /// The key.
        key: String,
        /// The first thing that differs, as it was.
        was: String,
        /// As it is.
        is: String,
    },
    /// The run cannot go on, as this says. It is kept, and tried again by the server.
    #[error("run `{key}` cannot go on: {why}; it is kept")]
    #[non_exhaustive]
    Stopped {
        /// The key.
        key: String,
        /// Why.
        why: String,
    },
    /// The run was cancelled.
    #[error("run `{key}` was cancelled")]
    #[non_exhaustive]
    Cancelled {
        /// The key.
        key: String,
    },
    /// An input cannot be written as JSON, or an output not read from it.
    #[error("the {what} of run `{key}` cannot be sent: {error}")]
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
    /// An address is none.
    #[error("`{address}` is no address of a server: {why}")]
    #[non_exhaustive]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    pub(crate) fn http(address: &str, error: HttpError) -> Self {
        let address = address.to_owned();
        match error {
            HttpError::Unreachable(why) => Error::Unreachable { address, why },
            HttpError::Answer { status, message } => Error::Refused { address, status, message },
        }
    }

    /// Why a run is tried again, as far as no trying again will help.
    pub(crate) fn stopped(key: &str, why: &str) -> Option<Self> {
        let key = key.to_owned();
        if let Some((_, text)) = why.split_once(STOPPED) {
            let text = text.trim_end().trim_end_matches('\'');
            if let Some((_, rest)) = text.split_once("it asks to ")
                && let Some((is, was)) = rest.split_once(", where it had asked to ")
            {
                return Some(Error::Changed { key, was: was.to_owned(), is: is.to_owned() });
            }
            return Some(Error::Stopped { key, why: text.to_owned() });
        }
        let (was, is) = mismatch(why)?;
        Some(Error::Changed { key, was, is })
    }
}

/// In front of what this crate says of a run, in what the server says of it.
const STOPPED: &str = "orch: ";

/// What the server's SDK says when a run asks for another step than it had.
fn mismatch(why: &str) -> Option<(String, String)> {
    if !why.contains("Found a mismatch") {
        return None;
    }
    let quoted = |after: &str| {
        let rest = why.split_once(after)?.1;
        let start = rest.split_once('\'')?.1;
        Some(start.split_once('\'')?.0.to_owned())
    };
    let of = |line: &str| {
        let rest = why.lines().find_map(|text| text.trim().strip_prefix(line))?;
        Some(rest.trim().trim_matches(['\'', '"']).to_owned())
    };
    let pair = quoted("ran and recorded the following:").zip(quoted("attempts to perform the following:"));
    let named = || {
        of("name:").and_then(|both| {
            let (was, is) = both.split_once("!=")?;
            let clean = |text: &str| format!("run {}", text.trim().trim_matches(['\'', '"']));
            Some((clean(was), clean(is)))
        })
    };
    pair.or_else(named).or_else(|| Some(("something else".to_owned(), why.lines().last()?.trim().to_owned())))
}

/// That a run stops where it is, in the server's words: it is tried again.
pub(crate) struct Stop(pub(crate) Fault);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STOPPED}{}", self.0)
    }
}

/// As the server shows it.
impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Stop {}

/// Why a worker could not begin.
///
/// ```
/// use orch_restate::{Worker, WorkerError};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let options = Worker::options("http://127.0.0.1:8080", Duration::ZERO);
/// let error = options.bind("127.0.0.1:0").await.unwrap_err();
/// assert!(matches!(error, WorkerError::Inactivity));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// Steps of a pipeline are not durable.
    #[error("the pipeline `{name}` cannot be served: {fault}")]
    #[non_exhaustive]
    NotDurable {
        /// Its name.
        name: String,
        /// Which steps.
        #[source]
        fault: Fault,
    },
    /// A name that the server does not take: it is to begin with a letter, and to have letters, digits, `.`, `_` and `-` only.
    #[error(
        "`{name}` is no name of a pipeline: it has to begin with a letter, and to have only letters, digits, `.`, `_` and `-`"
    )]
    #[non_exhaustive]
    Name {
        /// The name.
        name: String,
    },
    /// Two pipelines, or two breakers, have one name.
    #[error("two have the name `{name}`")]
    #[non_exhaustive]
    Twice {
        /// The name.
        name: String,
    },
    /// The inactivity timeout is zero.
    #[error("the inactivity timeout is zero: give a time that is longer than any task takes")]
    Inactivity,
    /// The server's address is none.
    #[error(transparent)]
    Address(Error),
    /// The worker's own address cannot be listened at.
    #[error("cannot listen at {address}: {error}")]
    #[non_exhaustive]
    Bind {
        /// The address.
        address: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

/// How a run has failed, as it comes from the worker: which step, why, and the error that its task gave.
///
/// It displays as the [`async_orch::Error`](orch_core::Error) did there. An example is that of [`Runs`](crate::Runs).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failed<E = Value> {
    /// The path of the step.
    pub path: String,
    /// The items of the `each`es around it, outermost first.
    pub items: Vec<u64>,
    /// After how many attempts.
    pub attempts: u32,
    /// Why: [`ErrorKind::Task`] with the task's own error, if the worker sends that.
    pub kind: Option<ErrorKind<E>>,
    text: String,
}

impl<E> Failed<E> {
    /// The task's own error, if it was one that failed, and the worker has sent its error.
    #[must_use]
    pub fn task(&self) -> Option<&E> {
        match &self.kind {
            Some(ErrorKind::Task(error)) => Some(error),
            _ => None,
        }
    }
}

impl<E> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<E: fmt::Debug> std::error::Error for Failed<E> {}

/// How a failure is sent: a sentence for people, and in the next line this.
#[derive(Serialize, Deserialize)]
struct Sent {
    path: String,
    items: Vec<u64>,
    attempts: u32,
    /// Of any kind but a task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<SentKind>,
    /// The task's own error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct SentKind {
    kind: String,
    time: Option<std::time::Duration>,
    text: Option<String>,
}

/// The failure of a run, to be sent.
pub(crate) fn failure<E: Failure>(error: &orch_core::Error<E>, task: impl Fn(&E) -> Option<Value>) -> String {
    let kind = error.kind().to_wire().map(|Wire { kind, time, text, .. }| SentKind { kind, time, text });
    let task = error.task().and_then(task);
    let sent =
        Sent { path: error.path(), items: error.items().collect(), attempts: error.attempts(), kind, task };
    format!("{error}\n{}", serde_json::to_string(&sent).unwrap_or_default())
}

/// That failure again.
pub(crate) fn failed<E: serde::de::DeserializeOwned>(message: &str) -> Option<Failed<E>> {
    let (text, sent) = message.rsplit_once('\n')?;
    let Sent { path, items, attempts, kind, task } = serde_json::from_str(sent).ok()?;
    let kind = match kind {
        Some(SentKind { kind, time, text }) => ErrorKind::from_wire(&Wire::new(kind, time, text)),
        None => task.and_then(|task| serde_json::from_value(task).ok()).map(ErrorKind::Task),
    };
    Some(Failed { path, items, attempts, kind, text: text.to_owned() })
}

/// Why a run gave no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError<E: fmt::Debug + 'static = Value> {
    /// The pipeline has failed.
    #[error(transparent)]
    Failed(Failed<E>),
    /// The run has no end yet, or was cancelled.
    #[error(transparent)]
    Restate(#[from] Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_of_a_changed_pipeline_is_understood() {
        let ours = format!(
            "Handler failed with retryable error: {:?}'",
            Stop(Fault::changed("run seq/a of 01", "run seq/b of 01"))
        );
        let Some(Error::Changed { was, is, .. }) = Error::stopped("k", &ours) else { panic!("{ours}") };
        assert_eq!((was.as_str(), is.as_str()), ("run seq/a of 01", "run seq/b of 01"));
        let stalled = format!("{}", Stop(Fault::Stalled));
        let Some(Error::Stopped { why, .. }) = Error::stopped("k", &stalled) else { panic!("{stalled}") };
        assert_eq!(why, Fault::Stalled.to_string());
        assert!(Error::stopped("k", "connection refused").is_none());
    }
}
