//! What is asked of the server: runs, and which workers there are.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::failed;
use crate::http::{Http, HttpError, header};
use crate::serve::RUN;
use crate::{Error, RunError};

/// The versions of the server that were tried.
const KNOWN: &str = "1.5 to 1.x";
/// How often who waits for a run looks whether that has stopped.
const LOOK: Duration = Duration::from_millis(500);

/// A Restate server, by the addresses of its ingress and of its admin API.
///
/// ```no_run
/// use orch_restate::{Client, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new("http://127.0.0.1:8080", "http://127.0.0.1:9070")?;
/// let orders = client.of::<u32, String>("order");
/// orders.start("order-17", &5).await?;
/// println!("{}", orders.status("order-17").await?);
/// let receipt = orders.attach("order-17").await?;
/// assert_eq!(orders.status("order-17").await?, Status::Succeeded);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    ingress: Http,
    admin: Http,
}

impl Client {
    /// Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] if one of them is none.
    pub fn new(ingress: &str, admin: &str) -> Result<Self, Error> {
        let http = |address: &str| {
            Http::new(address).map_err(|why| Error::Address { address: address.to_owned(), why })
        };
        Ok(Client { ingress: http(ingress)?, admin: http(admin)? })
    }

    /// The runs of the pipeline that is served by this name: what they take, what they give, and which error of their own their tasks
    /// have, if their worker [sends](crate::Options::pipeline) that.
    ///
    /// ```
    /// # use orch_restate::{Client, Runs};
    /// # fn main() -> Result<(), orch_restate::Error> {
    /// # let client = Client::new("http://127.0.0.1:8080", "http://127.0.0.1:9070")?;
    /// let orders = client.of::<u32, String>("order");
    /// let payments: Runs<u32, String, String> = client.of("payment").with_error();
    /// # drop((orders, payments));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of<I, O>(&self, pipeline: impl Into<String>) -> Runs<I, O> {
        Runs { client: self.clone(), pipeline: pipeline.into(), types: PhantomData }
    }

    /// Tells the server that at this address there are workers, as it sees it: one, or several behind it. An address that it knows stays
    /// as it is.
    ///
    /// Runs stay with the address at which they were begun. So a changed pipeline gets an address of its own, and the workers of the
    /// old one stay for as long as there are runs of it.
    ///
    /// ```no_run
    /// # use orch_restate::Client;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), orch_restate::Error> {
    /// let client = Client::new("http://127.0.0.1:8080", "http://127.0.0.1:9070")?;
    /// println!("a server of version {}", client.version().await?);
    /// client.register("http://workers-of-november:9080").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Version`], [`Error::Unreachable`], or [`Error::Refused`] with what the server says of the workers.
    pub async fn register(&self, workers: &str) -> Result<(), Error> {
        self.registered(workers, false).await
    }

    /// The same, and what is at an address that the server knows takes the place of what was there, for runs that are under way too.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub async fn replace(&self, workers: &str) -> Result<(), Error> {
        self.registered(workers, true).await
    }

    async fn registered(&self, workers: &str, force: bool) -> Result<(), Error> {
        self.version().await?;
        let body = json!({ "uri": workers, "force": force });
        let answer = self.admin.send(Method::POST, &[], "deployments", Some(&body)).await;
        answer.map(drop).map_err(|error| Error::http(self.admin.address(), error))
    }

    /// The version of the server.
    ///
    /// # Errors
    ///
    /// [`Error::Version`] if it is none that this crate speaks with, [`Error::Unreachable`] if there is none.
    pub async fn version(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }

        let answer = self.admin.get::<Version>(&[], "version").await;
        let Version { version } = answer.map_err(|error| Error::http(self.admin.address(), error))?;
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(1), Some(5..)) => Ok(version),
            _ => {
                Err(Error::Version { address: self.admin.address().to_owned(), found: version, known: KNOWN })
            }
        }
    }

    async fn query(&self, sql: String) -> Result<Vec<Value>, Error> {
        #[derive(Deserialize)]
        struct Rows {
            rows: Vec<Value>,
        }

        let answer = self.admin.send(Method::POST, &[], "query", Some(&json!({ "query": sql }))).await;
        let answer = answer.map_err(|error| Error::http(self.admin.address(), error))?;
        Ok(serde_json::from_value::<Rows>(answer).map(|answer| answer.rows).unwrap_or_default())
    }
}

/// Where a run is.
///
/// ```
/// use orch_restate::Status;
///
/// let status = Status::Retrying("connection refused".to_owned());
/// assert_eq!((status.to_string().as_str(), status.is_end()), ("retrying", false));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It is under way in a worker, or about to be.
    Running,
    /// It waits, and no worker has it meanwhile.
    Suspended,
    /// The latest try at it came to nothing, as this says; there will be another one.
    Retrying(String),
    /// It is not tried again until somebody says so: on the server's page, say.
    Paused(String),
    /// It has given an output.
    Succeeded,
    /// Its pipeline has failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    /// Whether there is nothing more to come.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self, Status::Succeeded | Status::Failed | Status::Cancelled)
    }
}

/// As one word: `running`, `succeeded`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Running => "running",
            Status::Suspended => "suspended",
            Status::Retrying(_) => "retrying",
            Status::Paused(_) => "paused",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        })
    }
}

/// The runs of one pipeline: see [`Client::of`].
///
/// ```no_run
/// use orch_restate::{Client, RunError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new("http://127.0.0.1:8080", "http://127.0.0.1:9070")?;
/// let payments = client.of::<u32, u32>("pay").with_error::<String>();
/// assert!(payments.start("order-17", &5).await?, "it is a new one");
/// println!("http://127.0.0.1:9070/ui/invocations/{}", payments.id("order-17").await?);
/// match payments.attach("order-17").await {
///     Ok(cents) => println!("{cents} cents"),
///     Err(RunError::Failed(failed)) => println!("at {}: {:?}", failed.path, failed.task()),
///     Err(error) => return Err(error.into()),
/// }
/// assert!(!payments.cancel("order-17").await?, "it has an end");
/// # Ok(())
/// # }
/// ```
pub struct Runs<I, O, E = Value> {
    client: Client,
    pipeline: String,
    types: PhantomData<fn(I) -> (O, E)>,
}

impl<I, O> Runs<I, O> {
    /// The same, and the errors of its tasks are read as this type: [`Failed::task`](crate::Failed::task).
    #[must_use]
    pub fn with_error<E>(self) -> Runs<I, O, E> {
        Runs { client: self.client, pipeline: self.pipeline, types: PhantomData }
    }
}

impl<I, O, E> Runs<I, O, E>
where
    I: Serialize,
    O: DeserializeOwned,
    E: DeserializeOwned + fmt::Debug + 'static,
{
    /// Starts a run under a key, and waits for what it gives. A key that there is already is that run: it is waited for.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start) and [`attach`](Self::attach).
    ///
    /// # Cancellation
    ///
    /// Dropped, it waits no longer. The run goes on.
    pub async fn run(&self, key: &str, input: &I) -> Result<O, RunError<E>> {
        self.start(key, input).await?;
        self.attach(key).await
    }

    /// Starts a run under a key, and gives whether it is a new one. A key that there is already is that run, whatever its input was.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPipeline`] if no worker serves it, [`Error::Unreachable`] if the server is not there: then ask again with the
    /// same key.
    pub async fn start(&self, key: &str, input: &I) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Sent {
            status: String,
        }

        let input = serde_json::to_value(input).map_err(|error| Error::Value {
            key: key.to_owned(),
            what: "input",
            error,
        })?;
        let sent = self.client.ingress.call::<Sent>(&[&self.pipeline, RUN], "send", Some(key), &input).await;
        match sent {
            Ok(sent) => Ok(sent.status == "Accepted"),
            Err(HttpError::Answer { status: 404, .. }) => {
                Err(Error::UnknownPipeline { name: self.pipeline.clone() })
            }
            Err(error) => Err(Error::http(self.client.ingress.address(), error)),
        }
    }

    /// Waits for what the run with this key gives.
    ///
    /// # Errors
    ///
    /// [`RunError::Failed`] if its pipeline has failed; else if there is no such run, it was cancelled, or it cannot go on as it is:
    /// [`Error::Changed`], [`Error::Stopped`]. A run whose worker is gone for a while is waited for.
    ///
    /// # Cancellation
    ///
    /// Dropped, it waits no longer. The run goes on.
    pub async fn attach(&self, key: &str) -> Result<O, RunError<E>> {
        let id = header(key);
        let path = ["restate", "invocation", &self.pipeline, RUN, &id];
        let mut answer = std::pin::pin!(self.client.ingress.get::<Value>(&path, "attach"));
        let answer = loop {
            match tokio::time::timeout(LOOK, answer.as_mut()).await {
                Ok(answer) => break answer,
                Err(_) => match self.status(key).await {
                    Ok(Status::Retrying(why)) => {
                        if let Some(stopped) = Error::stopped(key, &why) {
                            return Err(stopped.into());
                        }
                    }
                    Ok(Status::Paused(why)) => {
                        let stopped =
                            Error::Stopped { key: key.to_owned(), why: format!("it is paused: {why}") };
                        return Err(Error::stopped(key, &why).unwrap_or(stopped).into());
                    }
                    _ => {}
                },
            }
        };
        match answer {
            Ok(output) => {
                let output = serde_json::from_value(output);
                Ok(output.map_err(|error| Error::Value { key: key.to_owned(), what: "output", error })?)
            }
            Err(HttpError::Answer { status: 404, .. }) => Err(self.unknown(key).into()),
            Err(HttpError::Answer { status, message }) => Err(match failed(&message) {
                Some(failed) => RunError::Failed(failed),
                None if is_cancelled(&message) => Error::Cancelled { key: key.to_owned() }.into(),
                None => {
                    Error::http(self.client.ingress.address(), HttpError::Answer { status, message }).into()
                }
            }),
            Err(error) => Err(Error::http(self.client.ingress.address(), error).into()),
        }
    }

    /// Where the run with this key is.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRun`] if there is none, [`Error::Unreachable`] if the server's admin API is not there.
    pub async fn status(&self, key: &str) -> Result<Status, Error> {
        self.find(key).await.map(|found| found.status)
    }

    /// Ends the run with this key, and gives whether it had no end yet. Its worker drops it, with all that is under way of it; nothing is
    /// undone.
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status).
    pub async fn cancel(&self, key: &str) -> Result<bool, Error> {
        let found = self.find(key).await?;
        if found.status.is_end() {
            return Ok(false);
        }
        let path = ["invocations", &found.id];
        match self.client.admin.send(Method::PATCH, &path, "kill", None).await {
            Ok(_) => Ok(true),
            // It has ended meanwhile.
            Err(HttpError::Answer { status: 404 | 409, .. }) => Ok(false),
            Err(error) => Err(Error::http(self.client.admin.address(), error)),
        }
    }

    /// The server's id of the run with this key, by which its page and its commands know it.
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status).
    pub async fn id(&self, key: &str) -> Result<String, Error> {
        self.find(key).await.map(|found| found.id)
    }

    async fn find(&self, key: &str) -> Result<Found, Error> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let rows = self.client.query(format!(
            "SELECT id, status, completion_result, completion_failure, last_failure FROM sys_invocation \
             WHERE target_service_name = {} AND idempotency_key = {} ORDER BY created_at DESC LIMIT 1",
            quoted(&self.pipeline),
            quoted(&header(key)),
        ));
        let rows = rows.await?;
        let row = rows.first().ok_or_else(|| self.unknown(key))?;
        let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
        let status = match (text("status").as_str(), text("completion_result").as_str()) {
            ("completed", "success") => Status::Succeeded,
            ("completed", _) if is_cancelled(&text("completion_failure")) => Status::Cancelled,
            ("completed", _) => Status::Failed,
            ("backing-off", _) => Status::Retrying(text("last_failure")),
            ("paused", _) => Status::Paused(text("last_failure")),
            ("suspended", _) => Status::Suspended,
            // Between two tries.
            _ => Status::Running,
        };
        Ok(Found { id: text("id"), status })
    }

    fn unknown(&self, key: &str) -> Error {
        Error::UnknownRun { pipeline: self.pipeline.clone(), key: key.to_owned() }
    }
}

struct Found {
    id: String,
    status: Status,
}

/// `[409] killed`, say, or without the number. A pipeline's own error has two lines.
fn is_cancelled(message: &str) -> bool {
    let message = message.rsplit_once(']').map_or(message, |(_, text)| text).trim();
    message == "killed" || message == "cancelled"
}

impl<I, O, E> Clone for Runs<I, O, E> {
    fn clone(&self) -> Self {
        Runs { client: self.client.clone(), pipeline: self.pipeline.clone(), types: PhantomData }
    }
}

impl<I, O, E> fmt::Debug for Runs<I, O, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runs").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}
