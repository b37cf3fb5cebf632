//! A worker: a process in which pipelines run.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::GracefulShutdown;
use orch_core::Breaker;
use orch_core::Run;
use orch_core::durable::{Durable, Fault, check, drive};
use restate_sdk::discovery;
use restate_sdk::endpoint::{ContextInternal, Endpoint, InputMetadata};
use restate_sdk::errors::{HandlerResult, TerminalError};
use restate_sdk::hyper::HyperEndpoint;
use restate_sdk::service::macro_support::{ServiceBoxFuture, service_definition};
use restate_sdk::service::{Service, ServiceDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::breaker::{self, BREAKER, Breakers};
use crate::engine::{Cancelled, Of, OnServer};
use crate::error::{Stop, failure};
use crate::http::{Http, KEY, unheader};
use crate::runtime::{Names, OnRestate};
use crate::{Error, WorkerError};

/// The handler of a pipeline.
pub(crate) const RUN: &str = "run";
/// How long the server waits before it tries a run again whose worker is gone: at first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// Without end, as far as the server can count: a worker that comes back finds its runs.
const ATTEMPTS: u64 = 10_000_000;

/// How long a worker waits that has no connection to give.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How long runs may go on in a worker that stops.
const STOP: Duration = Duration::from_secs(10);

/// A pipeline that can be served: every step is [`Durable`], and input and output can be written as JSON.
///
/// Pipelines have it by themselves.
///
/// ```
/// use async_orch::{BoxError, pipeline, task};
/// use orch_restate::Keepable;
///
/// #[task(durable)]
/// async fn charge(cents: u32) -> u32 {
///     cents
/// }
///
/// fn payment() -> impl Keepable<In = u32, Out = u32, Error = BoxError> {
///     pipeline! { |_: u32| seq < charge > }
/// }
/// # let _ = payment();
/// ```
pub trait Keepable: Durable<In: Serialize + DeserializeOwned, Out: Serialize> + 'static {}

impl<P: Durable<In: Serialize + DeserializeOwned, Out: Serialize> + 'static> Keepable for P {}

/// How a worker is begun: see [`Worker::options`].
///
/// ```
/// use async_orch::{Breaker, pipeline, task};
/// use orch_restate::Worker;
/// use serde::{Deserialize, Serialize};
/// use std::time::Duration;
///
/// #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
/// #[error("declined: {cents} cents")]
/// struct Declined {
///     cents: u32,
/// }
///
/// #[task(durable)]
/// async fn charge(cents: u32) -> Result<u32, Declined> {
///     if cents > 1_000 { Err(Declined { cents }) } else { Ok(cents) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = Breaker::builder().fail_max(3).build();
/// let worker = Worker::options("http://127.0.0.1:8080", Duration::from_secs(60))
///     .version("2026-11-27")
///     .retention(Duration::from_secs(7 * 86_400))
///     .breaker("bank", &bank)
///     .pipeline("pay", pipeline! { error = Declined; |_: u32| seq < circuit(breaker = &bank) < charge > > })
///     .pipeline_with_text_errors("pay-later", pipeline! { |_: u32| seq < circuit(breaker = &bank) < charge > > })
///     .bind("127.0.0.1:0")
///     .await?;
/// println!("http://{}", worker.address());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is served until `bind`"]
pub struct Options {
    ingress: String,
    inactivity: Duration,
    retention: Duration,
    version: String,
    breakers: Names,
    pipelines: Vec<(String, Box<dyn Serve>)>,
}

impl Options {
    /// The version of the pipelines, for who reads why a run cannot go on: it tells from which one it comes. `1`, if it is not given.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// For how long the server keeps what a run has given, and with it its key. A day, if it is not given. After that the key is free.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Serves a pipeline by a name. Its error is sent to who waits for the run, and has its type there.
    ///
    /// For a pipeline whose error serde cannot write, such as [`async_orch::BoxError`](orch_core::BoxError), there is
    /// [`pipeline_with_text_errors`](Self::pipeline_with_text_errors).
    pub fn pipeline<P: Keepable<Error: Serialize>>(self, name: impl Into<String>, pipeline: P) -> Self {
        self.with(name.into(), pipeline, |error| serde_json::to_value(error).ok())
    }

    /// Serves a pipeline whose error cannot be written by serde: who waits for a run is told which step has failed, and what that has said.
    pub fn pipeline_with_text_errors<P: Keepable>(self, name: impl Into<String>, pipeline: P) -> Self {
        self.with(name.into(), pipeline, |_| None)
    }

    fn with<P: Keepable>(mut self, name: String, pipeline: P, task: fn(&P::Error) -> Option<Value>) -> Self {
        self.pipelines.push((name, Box::new(ToServe { pipeline, task })));
        self
    }

    /// Gives a breaker that several blocks or pipelines share a name, by which all machines know it.
    ///
    /// A `circuit` whose breaker has none is known by the pipeline and its path; so where two of them have one breaker, each would be
    /// a circuit of its own.
    pub fn breaker(mut self, name: impl Into<String>, breaker: &Breaker) -> Self {
        self.breakers.push((name.into(), breaker.clone()));
        self
    }

    /// Listens at this address, and serves from then on. Port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// If a name or an address is none, a step is not durable, or the address is taken.
    pub async fn bind(self, address: impl ToSocketAddrs + fmt::Display) -> Result<Worker, WorkerError> {
        let Options { ingress, inactivity, retention, version, breakers, pipelines } = self;
        if inactivity.is_zero() {
            return Err(WorkerError::Inactivity);
        }
        let http = Http::new(&ingress)
            .map_err(|why| WorkerError::Address(Error::Address { address: ingress.clone(), why }))?;
        twice(pipelines.iter().map(|(name, _)| name))?;
        twice(breakers.iter().map(|(name, _)| name))?;
        let names = Arc::new(breakers);
        let mut endpoint = Endpoint::builder().bind(breaker::definition());
        for (name, pipeline) in pipelines {
            let is_start = |c: char| c.is_ascii_alphabetic();
            let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if !name.starts_with(is_start) || !name.chars().all(is_part) || name == BREAKER {
                return Err(WorkerError::Name { name });
            }
            let of = Of {
                pipeline: name.clone(),
                version: version.clone(),
                breakers: Breakers { http: http.clone() },
            };
            let definition = pipeline.definition(Settings {
                of: Arc::new(of),
                names: names.clone(),
                inactivity,
                retention,
            });
            endpoint = endpoint.bind(definition.map_err(|fault| WorkerError::NotDurable { name, fault })?);
        }
        let bound =
            TcpListener::bind(&address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local, listener) =
            bound.map_err(|error| WorkerError::Bind { address: address.to_string(), error })?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, HyperEndpoint::new(endpoint.build()), stopped));
        Ok(Worker { address: local, stop: Some(stop), serving })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipelines: Vec<_> = self.pipelines.iter().map(|(name, _)| name).collect();
        f.debug_struct("Options")
            .field("version", &self.version)
            .field("inactivity", &self.inactivity)
            .field("pipelines", &pipelines)
            .finish_non_exhaustive()
    }
}

fn twice<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), WorkerError> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(WorkerError::Twice { name: pair[0].clone() }),
        None => Ok(()),
    }
}

/// A process in which pipelines run, as the server asks it to.
///
/// Several workers with the same pipelines, behind one address that the server knows, share the runs: one that dies has its runs taken
/// over by the others.
///
/// ```no_run
/// use async_orch::{pipeline, task};
/// use orch_restate::{Client, Worker};
/// use std::time::Duration;
///
/// #[task(durable)]
/// async fn charge(cents: u32) -> String {
///     format!("charged {cents}")
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // No task takes longer than a minute.
/// let worker = Worker::options("http://127.0.0.1:8080", Duration::from_secs(60))
///     .pipeline_with_text_errors("order", pipeline! { |_: u32| seq < charge > })
///     .bind("127.0.0.1:9080")
///     .await?;
/// let client = Client::new("http://127.0.0.1:8080", "http://127.0.0.1:9070")?;
/// client.register("http://127.0.0.1:9080").await?;
/// assert_eq!(client.of::<u32, String>("order").run("order-17", &5).await?, "charged 5");
/// worker.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Worker {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Worker {
    /// A worker beside the server whose ingress has this address, and with this inactivity timeout.
    ///
    /// The inactivity timeout has to be longer than any task takes: when nothing has come from a run for so long, the server asks it to
    /// make room, and what is under way then is begun again. So it is asked for. It has no influence on how fast the runs of a worker
    /// that has died go on.
    pub fn options(ingress: impl Into<String>, inactivity_timeout: Duration) -> Options {
        Options {
            ingress: ingress.into(),
            inactivity: inactivity_timeout,
            retention: Duration::from_secs(24 * 3_600),
            version: "1".to_owned(),
            breakers: Vec::new(),
            pipelines: Vec::new(),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more runs, and waits ten seconds for those that are under way. What is not done then goes on in another worker.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = (&mut self.serving).await;
    }

    /// Waits for as long as it serves, which is until the process ends.
    pub async fn serve(mut self) {
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Worker {
    /// As [`stop`](Worker::stop), without waiting.
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// Serves until it is stopped.
///
/// (The SDK's own server leaves it to the system to send small answers together, and that waits for 40 ms to see whether there are
/// more.)
async fn serve(listener: TcpListener, endpoint: HyperEndpoint, mut stopped: oneshot::Receiver<()>) {
    let under_way = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.map(|(stream, _)| stream),
            _ = &mut stopped => break,
        };
        // Too many open files, say: later there will be fewer.
        let Ok(stream) = stream else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let connection = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), endpoint.clone());
        // What goes wrong with a connection is the server's to tell: it tries again.
        tokio::spawn(under_way.watch(connection));
    }
    drop(listener);
    let _ = tokio::time::timeout(STOP, under_way.shutdown()).await;
}

/// What a service of this name is unless something is said.
pub(crate) fn service(name: &str) -> discovery::Service {
    discovery::Service {
        abort_timeout: None,
        documentation: None,
        enable_lazy_state: None,
        handlers: Vec::new(),
        idempotency_retention: None,
        inactivity_timeout: None,
        ingress_private: None,
        journal_retention: None,
        metadata: Default::default(),
        name: name.try_into().unwrap_or_else(|error| unreachable!("the name was looked at: {error}")),
        retry_policy_exponentiation_factor: Some(2.0),
        retry_policy_initial_interval: Some(AGAIN.0.as_millis() as u64),
        retry_policy_max_attempts: Some(ATTEMPTS),
        retry_policy_max_interval: Some(AGAIN.1.as_millis() as u64),
        retry_policy_on_max_attempts: Some(discovery::RetryPolicyOnMaxAttempts::Pause),
        ty: discovery::ServiceType::Service,
    }
}

/// The same of a handler.
pub(crate) fn handler(name: &str) -> discovery::Handler {
    discovery::Handler {
        abort_timeout: None,
        documentation: None,
        enable_lazy_state: None,
        idempotency_retention: None,
        inactivity_timeout: None,
        ingress_private: None,
        input: Some(discovery::InputPayload {
            content_type: Some("application/json".to_owned()),
            json_schema: None,
            required: Some(true),
        }),
        journal_retention: None,
        metadata: Default::default(),
        name: name.try_into().unwrap_or_else(|error| unreachable!("it is one of ours: {error}")),
        output: Some(discovery::OutputPayload {
            content_type: Some("application/json".to_owned()),
            json_schema: None,
            set_content_type_if_empty: Some(false),
        }),
        retry_policy_exponentiation_factor: None,
        retry_policy_initial_interval: None,
        retry_policy_max_attempts: None,
        retry_policy_max_interval: None,
        retry_policy_on_max_attempts: None,
        ty: None,
        workflow_completion_retention: None,
    }
}

struct Settings {
    of: Arc<Of>,
    names: Arc<Names>,
    inactivity: Duration,
    retention: Duration,
}

/// A pipeline without its types.
trait Serve: Send {
    fn definition(self: Box<Self>, settings: Settings) -> Result<ServiceDefinition, Fault>;
}

struct ToServe<P: Run> {
    pipeline: P,
    task: fn(&P::Error) -> Option<Value>,
}

impl<P: Keepable> Serve for ToServe<P> {
    fn definition(self: Box<Self>, settings: Settings) -> Result<ServiceDefinition, Fault> {
        let ToServe { pipeline, task } = *self;
        check(&pipeline)?;
        let Settings { of, names, inactivity, retention } = settings;
        let retention = u64::try_from(retention.as_millis()).unwrap_or(u64::MAX);
        let run = discovery::Handler {
            inactivity_timeout: Some(u64::try_from(inactivity.as_millis()).unwrap_or(u64::MAX).max(1)),
            idempotency_retention: Some(retention),
            journal_retention: Some(retention),
            ..handler(RUN)
        };
        let discovery = discovery::Service {
            documentation: Some(format!("A pipeline, version {}:\n\n{}", of.version, pipeline.graph())),
            metadata: [("orch.version".to_owned(), of.version.clone())].into(),
            handlers: vec![run],
            ..service(&of.pipeline)
        };
        Ok(service_definition(Served(Arc::new(Inner { pipeline, task, of, names })), discovery))
    }
}

struct Served<P: Run>(Arc<Inner<P>>);

struct Inner<P: Run> {
    pipeline: P,
    task: fn(&P::Error) -> Option<Value>,
    of: Arc<Of>,
    names: Arc<Names>,
}

impl<P: Keepable> Service for Served<P> {
    type Future = ServiceBoxFuture;

    fn handle(&self, ctx: ContextInternal) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let (input, about) = ctx.input::<Vec<u8>>().await;
            let result = inner.run(&ctx, &input, about).await;
            ctx.handle_handler_result(result);
            ctx.end();
            Ok(())
        })
    }
}

impl<P: Keepable> Inner<P> {
    /// One run, from its beginning or gone through once more.
    async fn run(&self, ctx: &ContextInternal, input: &[u8], about: InputMetadata) -> HandlerResult<Vec<u8>> {
        let input = if input.is_empty() { b"null" } else { input };
        let input: P::In = serde_json::from_slice(input).map_err(|error| {
            TerminalError::new_with_code(400, format!("no input of this pipeline: {error}"))
        })?;
        let key = about.headers.get(KEY).or(about.idempotency_key.as_ref());
        let key = key.map_or_else(|| about.invocation_id.clone(), |key| unheader(key));
        let runtime = OnRestate::new(about.random_seed, self.of.pipeline.clone(), Arc::clone(&self.names));
        let mut engine = OnServer::new(Arc::clone(&self.of), ctx, about.invocation_id, runtime.circuits());
        let run = self.pipeline.on(&runtime).run_as(key.as_str(), input);
        let ran = match drive(&runtime.mailbox, run, &mut engine).await {
            Ok(ran) => engine.end().await.map(|()| ran),
            Err(fault) => Err(fault),
        };
        match ran {
            Ok(Ok(output)) => Ok(serde_json::to_vec(&output)
                .map_err(|error| TerminalError::new(format!("the output cannot be written: {error}")))?),
            Ok(Err(error)) => Err(TerminalError::new(failure(&error, self.task)).into()),
            Err(Fault::Engine(error)) if error.is::<Cancelled>() => {
                Err(TerminalError::new_with_code(409, "cancelled").into())
            }
            Err(fault) => Err(Stop(fault).into()),
        }
    }
}
