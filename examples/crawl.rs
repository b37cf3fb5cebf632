//! Crawls two web servers that are slow and flaky on purpose, and loses nothing that can be had.
//!
//! ```text
//! cargo run --example crawl
//! cargo run --example crawl -- crawl.html              # and a page to look at
//! cargo run --example crawl -- crawl.perfetto-trace    # or a trace for ui.perfetto.dev
//! ```
//!
//! Both run in this process, on loopback. On *north* some pages are slow, fail twice, or always fail. *South* dies as
//! soon as its first page is read. The crawl goes breadth-first, in rounds, and shows
//!
//! - the order of policies: `retry` around `circuit` around `timeout` around the request,
//! - a circuit for each host that all its pages share, so that a dead host is soon left alone,
//! - pipelines built by a function and embedded in another,
//! - a bus of one's own that counts what happened, beside one that keeps it for a report.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::{
    BoxError, Breaker, Bus, CircuitState, Error, ErrorKind, Event, EventKind, Run, TaskEvent, pipeline, task,
};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use orch_report::Record;
use tokio::net::TcpListener;
use tokio::sync::Notify;

// ---- The crawler ----

type HttpClient = Client<HttpConnector, Empty<Bytes>>;

struct Page {
    links: Vec<Uri>,
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{0}")]
    Status(StatusCode),
    #[error(transparent)]
    Request(#[from] legacy::Error),
    #[error(transparent)]
    Body(#[from] hyper::Error),
}

/// The host is well, it has no such page.
fn is_not_there(error: &Error<FetchError>) -> bool {
    matches!(error.task(), Some(FetchError::Status(status)) if status.is_client_error())
}

/// Without a `when`, whatever failed is retried, and what a circuit turned away is not. This asks for a little more.
fn is_worth_a_retry(error: &Error<FetchError>) -> bool {
    error.is_retryable() && !is_not_there(error)
}

#[task]
async fn fetch(client: HttpClient, url: Uri) -> Result<Page, FetchError> {
    let response = client.get(url).await?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status()));
    }
    let html = response.into_body().collect().await?.to_bytes();
    Ok(Page { links: links(&String::from_utf8_lossy(&html)) })
}

/// The targets of `<a href="…">`, if they are absolute.
fn links(html: &str) -> Vec<Uri> {
    html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

/// A host as the crawler sees it. All that is built for it shares its circuit.
struct Host {
    name: &'static str,
    address: SocketAddr,
    breaker: Breaker,
}

impl Host {
    fn new(name: &'static str, address: SocketAddr) -> Self {
        let breaker = Breaker::builder().fail_max(5).reset_timeout(Duration::from_secs(10)).build();
        Host { name, address, breaker }
    }

    fn has(&self, url: &Uri) -> bool {
        url.authority().is_some_and(|authority| *authority == *self.address.to_string())
    }

    fn choose(&self, mut urls: Vec<Uri>) -> Vec<Uri> {
        urls.retain(|url| self.has(url));
        urls
    }
}

type Fetched = Vec<(Uri, Result<Page, Error<FetchError>>)>;

/// Fetches pages of a host, four at a time. One that cannot be had does not lose the others.
///
/// `impl Run` hides the type of the pipeline, which is the tree of its blocks.
fn pages_of(
    host: &Host,
    client: HttpClient,
) -> impl Run<In = Vec<Uri>, Out = Fetched, Error = FetchError> + 'static {
    pipeline! {
        error = FetchError;
        let client = client; // the pipeline's own, so that it can be returned
        |urls: Vec<Uri>|
        seq(name = "pages") <
            |_| { urls.clone() } as "urls"
            each(limit = 4, settle) <
                // Outermost first: each attempt asks the circuit, and has a timeout of its own.
                retry(max_attempts = 3, backoff = exponential(50ms), when = is_worth_a_retry) <
                    circuit(breaker = &host.breaker, ignore = is_not_there) <
                        timeout(500ms) < fetch(client.clone(), _) >
                    >
                >
            >
            // The results are in the order of the items.
            |results| { std::iter::zip(urls.clone(), results).collect::<Fetched>() } as "pair"
        >
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let [north, south] = start_servers().await?;
    let (north, south) = (Host::new("north", north), Host::new("south", south));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let tally = Tally::default();
    let record = Record::new();

    // One round: both hosts at once. The circuits are in it, and last from round to round.
    let round = pipeline! {
        error = FetchError;
        |_: Vec<Uri>|
        par(name = "round") <
            seq(name = "north") <
                |urls| { north.choose(urls) } as "choose"
                { pages_of(&north, client.clone()) }
            >
            seq(name = "south") <
                |urls| { south.choose(urls) } as "choose"
                { pages_of(&south, client.clone()) }
            >
        >
    }
    .with_bus((&tally, &record));
    record.add_graph(&round.graph());
    println!("{}", round.graph());

    let first: Uri = format!("http://{}/", north.address).parse()?;
    let mut seen = HashSet::from([first.clone()]);
    let mut urls = vec![first];
    let (mut fetched, mut lost) = (Vec::new(), Vec::new());
    let mut number = 0;
    while !urls.is_empty() {
        number += 1;
        println!("\nround {number}");
        let (from_north, from_south) = round.run(std::mem::take(&mut urls)).await?;
        for (url, result) in from_north.into_iter().chain(from_south) {
            let host = if north.has(&url) { &north } else { &south };
            let page = format!("{}{}", host.name, url.path());
            match result {
                Ok(Page { links }) => {
                    println!("  {page:<16}links: {}", links.len());
                    fetched.push(page);
                    urls.extend(links.into_iter().filter(|link| seen.insert(link.clone())));
                }
                Err(error) => {
                    let why = match error.kind() {
                        ErrorKind::CircuitOpen { .. } => "the circuit is open".to_owned(),
                        kind => kind.to_string(),
                    };
                    println!("  {page:<16}lost in attempt {}: {why}", error.attempts());
                    lost.push(page);
                }
            }
        }
    }

    println!("\n{tally}");
    for host in [&north, &south] {
        println!("the circuit of {} is {}", host.name, host.breaker.state().kind());
    }

    if let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) {
        let report = record.report();
        let is_trace = path.extension().is_some_and(|ending| ending == "perfetto-trace");
        let bytes =
            if is_trace { report.to_perfetto() } else { report.to_html("A crawl of two servers").into() };
        std::fs::write(path, bytes)?;
    }

    // All that can be had was had, and south was soon left alone.
    fetched.sort();
    assert_eq!(
        fetched,
        ["north/", "north/a", "north/b", "north/c", "north/d", "north/flaky", "north/slow", "south/"]
    );
    lost.sort();
    assert_eq!(lost[..2], ["north/down", "north/missing"]);
    assert_eq!(lost[2..], [1, 2, 3, 4, 5, 6, 7, 8].map(|number| format!("south/{number}")));
    let tally = tally.0.lock().unwrap();
    assert!(tally["north"].timed_out >= 1 && tally["north"].retried >= 5, "{tally:?}");
    assert!(tally["south"].rejected >= 4, "{tally:?}");
    assert_eq!(south.breaker.state().kind(), CircuitState::Open);
    Ok(())
}

// ---- The bus ----

/// Counts what happened at each host, over all runs.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<String, Counts>>);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    requests: u32,
    fetched: u32,
    timed_out: u32,
    retried: u32,
    rejected: u32,
}

impl Bus for Tally {
    // Called in the middle of a run: counting is about as much as should be done here.
    fn emit(&self, event: &Event<'_>) {
        // The second part of a path such as `round/north/pages/each/retry`.
        let Some(host) = event.node.path().split('/').nth(1) else { return };
        let mut tally = self.0.lock().unwrap();
        let counts = tally.entry(host.to_owned()).or_default();
        match (event.node.name(), event.kind) {
            ("fetch", EventKind::Task(TaskEvent::Running)) => counts.requests += 1,
            ("fetch", EventKind::Task(TaskEvent::Succeeded { .. })) => counts.fetched += 1,
            // Nothing else cancels here: with `settle`, a failure leaves the siblings alone.
            ("fetch", EventKind::Task(TaskEvent::Cancelled)) => counts.timed_out += 1,
            _ if event.retrying().is_some() => counts.retried += 1,
            _ if event.circuit().is_some_and(|circuit| circuit.rejected) => counts.rejected += 1,
            _ => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "host    requests  fetched  timed out  retried  rejected")?;
        for (host, counts) in &*self.0.lock().unwrap() {
            let Counts { requests, fetched, timed_out, retried, rejected } = counts;
            writeln!(f, "{host:<6}{requests:>10}{fetched:>9}{timed_out:>11}{retried:>9}{rejected:>10}")?;
        }
        Ok(())
    }
}

// ---- The servers ----

/// How a page behaves. All of it is decided by how often the page was asked for.
#[derive(Clone, Copy)]
enum Manner {
    Fine,
    /// The first answer takes five seconds.
    Slow,
    /// The first two answers are errors.
    Flaky,
    /// Every answer is an error.
    Down,
    /// The server does not outlive the answer.
    Last,
}

/// Path, manner and links of each page.
type Site = &'static [(&'static str, Manner, &'static [&'static str])];

const NORTH: Site = &[
    ("/", Manner::Fine, &["north/a", "north/b", "north/flaky", "south/"]),
    ("/a", Manner::Fine, &["north/", "north/slow", "north/c"]),
    ("/b", Manner::Fine, &["north/down", "north/missing"]),
    ("/c", Manner::Fine, &["north/a", "north/b"]),
    ("/d", Manner::Fine, &[]),
    ("/down", Manner::Down, &[]),
    ("/flaky", Manner::Flaky, &["north/d"]),
    ("/slow", Manner::Slow, &["north/"]),
];

const SOUTH: Site = &[(
    "/",
    Manner::Last,
    &["south/1", "south/2", "south/3", "south/4", "south/5", "south/6", "south/7", "south/8"],
)];

struct Server {
    site: Site,
    /// Where north and south are.
    addresses: [SocketAddr; 2],
    requests: Mutex<HashMap<String, u32>>,
    end: Notify,
}

/// Starts both and tells where they are.
async fn start_servers() -> io::Result<[SocketAddr; 2]> {
    let listeners = [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
    let addresses = [listeners[0].local_addr()?, listeners[1].local_addr()?];
    for (listener, site) in listeners.into_iter().zip([NORTH, SOUTH]) {
        let server = Server { site, addresses, requests: Mutex::default(), end: Notify::new() };
        tokio::spawn(Arc::new(server).serve(listener));
    }
    Ok(addresses)
}

impl Server {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let connection = tokio::select! {
                biased;
                () = self.end.notified() => return,
                connection = listener.accept() => connection,
            };
            let Ok((stream, _)) = connection else { return };
            let server = self.clone();
            let service = service_fn(move |request| server.clone().answer(request));
            tokio::spawn(
                http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service),
            );
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
        let path = request.uri().path();
        let count = {
            let mut requests = self.requests.lock().unwrap();
            let count = requests.entry(path.to_owned()).or_default();
            *count += 1;
            *count
        };
        let found = self.site.iter().find(|(page, ..)| *page == path);
        let status = match found.map(|(_, manner, _)| manner) {
            None => StatusCode::NOT_FOUND,
            Some(Manner::Down) => StatusCode::SERVICE_UNAVAILABLE,
            Some(Manner::Flaky) if count <= 2 => StatusCode::SERVICE_UNAVAILABLE,
            Some(Manner::Slow) if count == 1 => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                StatusCode::OK
            }
            Some(Manner::Last) => {
                self.end.notify_one();
                StatusCode::OK
            }
            Some(_) => StatusCode::OK,
        };
        let mut html = String::new();
        for link in found.map_or(&[][..], |(_, _, links)| links) {
            let [north, south] = self.addresses.map(|address| format!("http://{address}"));
            let url = link.replace("north", &north).replace("south", &south);
            html += &format!("<a href=\"{url}\">{link}</a>\n");
        }
        let mut response = Response::new(html);
        *response.status_mut() = status;
        Ok(response)
    }
}
