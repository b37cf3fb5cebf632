//! A gateway before three flaky upstreams: a limit over all requests, a rate for each tenant, a breaker for each upstream, hedged reads,
//! and a cache to fall back to.
//!
//! ```text
//! cargo run --example gateway             # starts everything on loopback, puts load on it, and checks the books
//! cargo run --example gateway -- --serve  # serves until Ctrl-C, and drains
//! ```
//!
//! - The order of the blocks is the order in which a request meets them: a place in the gateway, then the tenant's rate, and only then an
//!   upstream. What is turned away costs no upstream anything.
//! - `hedge` asks once more where an upstream is slow; `circuit` stands around it, so that it counts one answer for one request.
//! - `fallback` takes the cache after any failure, an open circuit included.
//! - To drain, the bulkhead is closed: new requests are turned away, those inside come to their end.
//!
//! Each request is counted by the client, by the gateway's bus and by the upstreams, and the three have to agree.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_orch::{
    BoxPipeline, Breaker, Bulkhead, Bus, Error, ErrorKind, Event, Keyed, Limiter, Run, TaskState, pipeline,
    task,
};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

type HttpClient = Client<HttpConnector, Empty<Bytes>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why an upstream gave no answer.
#[derive(Debug, thiserror::Error)]
enum UpstreamError {
    #[error("the upstream answers {0}")]
    Status(StatusCode),
    #[error("the upstream cannot be reached: {0}")]
    Unreachable(#[from] legacy::Error),
    #[error("the answer broke off: {0}")]
    Body(#[from] hyper::Error),
    #[error("the upstream is down, and `{0}` is not in the cache")]
    NotCached(u64),
}

/// What a client asks for.
#[derive(Clone, Debug)]
struct Request {
    tenant: String,
    item: u64,
}

/// An answer, and where it is from.
#[derive(Clone, Debug)]
struct Answer {
    text: String,
    source: &'static str,
}

type Cache = Arc<Mutex<HashMap<u64, String>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[task]
async fn fetch(client: HttpClient, upstream: SocketAddr, item: u64) -> Result<String, UpstreamError> {
    let url: Uri = Uri::builder()
        .scheme("http")
        .authority(upstream.to_string())
        .path_and_query(format!("/item/{item}"))
        .build()
        .unwrap_or_default();
    let response = client.get(url).await?;
    if !response.status().is_success() {
        return Err(UpstreamError::Status(response.status()));
    }
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[task]
fn keep(cache: Cache, item: u64, text: String) -> Answer {
    lock(&cache).insert(item, text.clone());
    Answer { text, source: "upstream" }
}

#[task]
fn cached(cache: Cache, item: u64) -> Result<Answer, UpstreamError> {
    let text = lock(&cache).get(&item).cloned().ok_or(UpstreamError::NotCached(item))?;
    Ok(Answer { text, source: "cache" })
}

/// What a gateway is made of, and what its operator sees.
#[derive(Clone)]
struct Gateway {
    places: Bulkhead,
    breakers: Keyed<SocketAddr, Breaker>,
    tally: Arc<Tally>,
    serve: Arc<BoxPipeline<'static, Request, Answer, UpstreamError>>,
}

impl Gateway {
    fn new(upstreams: [SocketAddr; 3]) -> Self {
        let client: HttpClient = Client::builder(TokioExecutor::new()).build_http();
        let cache = Cache::default();
        let places = Bulkhead::builder(24).queue(24).max_wait(Duration::from_millis(500)).build();
        let tenants = Keyed::new(1_000, |_: &String| {
            Limiter::builder(150).burst(50).max_wait(Duration::from_millis(50)).build()
        });
        let breakers = Keyed::new(16, |_: &SocketAddr| {
            Breaker::builder()
                .failure_rate(0.5)
                .window(Duration::from_millis(500))
                .min_calls(10)
                .reset_timeout(Duration::from_millis(100))
                .build()
        });
        let tally = Arc::new(Tally::default());
        let (gate, by_upstream) = (places.clone(), breakers.clone());
        let serve = pipeline! {
            error = UpstreamError;
            let client = client;
            let cache = cache;
            let upstreams = upstreams;
            move |request: Request|
            bulkhead(bulkhead = &gate, name = "serve") <
                throttle(limiter = tenants.get(&request.tenant)) <
                    let upstream = |_| { upstreams[(request.item % 3) as usize] }
                    fallback <
                        seq <
                            circuit(breaker = by_upstream.get(upstream)) <
                                hedge(40ms) <
                                    timeout(250ms) < fetch(client.clone(), *upstream, request.item) >
                                >
                            >
                            keep(cache.clone(), request.item, _)
                        >
                        cached(cache.clone(), request.item)
                    >
                >
            >
        };
        let serve = Arc::new(serve.with_bus(tally.clone()).boxed());
        Gateway { places, breakers, tally, serve }
    }

    /// Serves until it is told to stop, and then lets the requests inside come to their end.
    async fn listen(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let places = self.places.clone();
        let router = Router::new().route("/{item}", get(answer)).with_state(self);
        let drain = async move {
            stop.await;
            places.close();
            let drained = tokio::time::timeout(Duration::from_secs(2), places.idle()).await;
            println!("drained: {}", if drained.is_ok() { "nobody is inside" } else { "not in time" });
        };
        axum::serve(listener, router).with_graceful_shutdown(drain).await
    }
}

/// One request: a run of the pipeline, and what its end is over HTTP.
async fn answer(
    State(gateway): State<Gateway>,
    Path(item): Path<u64>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    let tenant =
        headers.get("x-tenant").and_then(|tenant| tenant.to_str().ok()).unwrap_or("nobody").to_owned();
    match gateway.serve.run(Request { tenant, item }).await {
        Ok(Answer { text, source }) => (StatusCode::OK, format!("{source}: {text}")),
        Err(error) => (status_of(&error), error.to_string()),
    }
}

fn status_of(error: &Error<UpstreamError>) -> StatusCode {
    match error.kind() {
        ErrorKind::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        kind if kind.is_rejection() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// What the bus counts: runs, and attempts to fetch.
#[derive(Default)]
struct Tally {
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Tally {
    fn of(&self, what: &'static str) -> u64 {
        lock(&self.counts).get(what).copied().unwrap_or(0)
    }
}

impl Bus for Tally {
    fn emit(&self, event: &Event<'_>) {
        let what = match (event.node.name(), event.state()) {
            ("serve", Some(TaskState::Running)) => "runs begun",
            ("serve", Some(TaskState::Succeeded)) => "runs answered",
            ("serve", Some(TaskState::Failed)) => "runs failed",
            ("serve", Some(TaskState::Cancelled)) => "runs cancelled",
            ("fetch", Some(TaskState::Running)) => "fetches begun",
            ("fetch", Some(TaskState::Succeeded)) => "fetches answered",
            ("fetch", Some(TaskState::Failed)) => "fetches failed",
            ("fetch", Some(TaskState::Cancelled)) => "fetches cancelled",
            _ if event.hedging().is_some() => "hedged",
            _ if event.circuit().is_some() => "told of circuits",
            _ => return,
        };
        *lock(&self.counts).entry(what).or_default() += 1;
    }
}

/// An upstream that is flaky in one way of three.
async fn upstream(kind: usize, served: Arc<AtomicU64>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let began = Instant::now();
    let item = move |Path(item): Path<u64>| {
        let down = (400..700).contains(&began.elapsed().as_millis());
        let number = served.fetch_add(1, Relaxed);
        async move {
            let (millis, status) = match kind {
                // A long tail: one in ten takes half a second.
                0 => (if number % 10 == 9 { 500 } else { 2 }, StatusCode::OK),
                // Down for a while in the middle.
                1 if down => (1, StatusCode::INTERNAL_SERVER_ERROR),
                // Errors now and then.
                2 if number % 7 == 3 => (1, StatusCode::BAD_GATEWAY),
                _ => (2, StatusCode::OK),
            };
            tokio::time::sleep(Duration::from_millis(millis)).await;
            (status, format!("item {item}"))
        }
    };
    let router = Router::new().route("/item/{item}", get(item));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let served: [Arc<AtomicU64>; 3] = Default::default();
    let mut upstreams = [SocketAddr::from(([0; 4], 0)); 3];
    for (kind, (address, served)) in upstreams.iter_mut().zip(&served).enumerate() {
        *address = upstream(kind, served.clone()).await?;
    }
    let gateway = Gateway::new(upstreams);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    if std::env::args().any(|argument| argument == "--serve") {
        println!("curl -H 'x-tenant: ann' http://{address}/7");
        return Ok(gateway.listen(listener, async { drop(tokio::signal::ctrl_c().await) }).await?);
    }

    let stop = Arc::new(tokio::sync::Notify::new());
    let stopped = stop.clone();
    let server = tokio::spawn(gateway.clone().listen(listener, async move { stopped.notified().await }));
    let outcomes = load(address).await?;

    println!("{:<12} {:>7} {:>7} {:>7} {:>7} {:>7}", "tenant", "up", "cache", "429", "502", "503");
    for (tenant, outcomes) in &outcomes {
        let of = |outcome: &str| outcomes.get(outcome).copied().unwrap_or(0);
        let [up, cache, many, bad, full] = ["upstream", "cache", "429", "502", "503"].map(of);
        println!("{tenant:<12} {up:>7} {cache:>7} {many:>7} {bad:>7} {full:>7}");
    }
    for (what, count) in lock(&gateway.tally.counts).iter() {
        println!("{what:<20} {count:>6}");
    }
    for (kind, upstream) in upstreams.iter().enumerate() {
        println!(
            "upstream {kind}: {} requests, its circuit is {:?}",
            served[kind].load(Relaxed),
            gateway.breakers.get(upstream).state()
        );
    }

    // To drain while there are requests inside.
    let late: Vec<_> = (0..8).map(|item| tokio::spawn(ask(client(), address, "late", item * 3))).collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    stop.notify_one();
    let mut ended = 0;
    for request in late {
        ended += u64::from(request.await?.is_ok());
    }
    server.await??;
    println!("{ended} requests at the end were answered, one way or the other");

    check(&gateway.tally, &outcomes, served.iter().map(|served| served.load(Relaxed)).sum());
    Ok(())
}

/// Outcomes by tenant.
type Outcomes = BTreeMap<&'static str, BTreeMap<String, u64>>;

/// Three tenants, of whom one asks for more than its rate.
async fn load(address: SocketAddr) -> Result<Outcomes, BoxError> {
    let mut clients = tokio::task::JoinSet::new();
    for (tenant, clients_of, requests, pause) in
        [("ann", 6, 20, 60), ("ben", 6, 20, 60), ("greedy", 20, 60, 10)]
    {
        for number in 0..clients_of {
            clients.spawn(async move {
                let (client, mut outcomes) = (client(), Vec::new());
                for request in 0..requests {
                    let item = (number * 7 + request * 3 + number % 3) % 60;
                    outcomes.push(ask(client.clone(), address, tenant, item).await?);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                Ok::<_, BoxError>((tenant, outcomes))
            });
        }
    }
    let mut all = Outcomes::new();
    while let Some(ended) = clients.join_next().await {
        let (tenant, outcomes) = ended??;
        for outcome in outcomes {
            *all.entry(tenant).or_default().entry(outcome).or_default() += 1;
        }
    }
    Ok(all)
}

fn client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Asks the gateway: where the answer came from, or the status.
async fn ask(
    client: HttpClient,
    address: SocketAddr,
    tenant: &'static str,
    item: u64,
) -> Result<String, BoxError> {
    let request = hyper::Request::get(format!("http://{address}/{item}"))
        .header("x-tenant", tenant)
        .body(Empty::new())?;
    let response = client.request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Ok(status.as_u16().to_string());
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let (source, item_text) = text.split_once(": ").ok_or("an answer without its source")?;
    assert_eq!(item_text, format!("item {item}"), "each gets its own answer");
    Ok(source.to_owned())
}

/// Nothing is lost, and nothing counted twice.
fn check(tally: &Tally, outcomes: &Outcomes, served: u64) {
    let asked: u64 = outcomes.values().flat_map(BTreeMap::values).sum();
    assert_eq!(asked, 2 * 6 * 20 + 20 * 60);
    let ended = tally.of("runs answered") + tally.of("runs failed") + tally.of("runs cancelled");
    assert_eq!(tally.of("runs begun"), ended, "every run that begins ends once");
    assert!(ended >= asked);
    let fetches = tally.of("fetches answered") + tally.of("fetches failed") + tally.of("fetches cancelled");
    assert_eq!(tally.of("fetches begun"), fetches, "and so does every fetch");
    assert!(
        (tally.of("fetches answered")..=fetches).contains(&served),
        "the upstreams saw no more than was sent"
    );
    for source in ["upstream", "cache", "429"] {
        assert!(outcomes.values().any(|outcomes| outcomes.contains_key(source)), "there is a `{source}`");
    }
    assert!(!outcomes["ann"].contains_key("429"), "who keeps to the rate is not throttled");
    assert!(tally.of("hedged") > 0 && tally.of("told of circuits") > 0);
}
