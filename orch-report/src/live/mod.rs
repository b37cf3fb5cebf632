//! The page while runs go on, on loopback: what a [`Record`] keeps, told to a browser as it comes.
//!
//! It shows and changes nothing: there is no request that does. It listens on loopback unless it is told otherwise, and answers only those who
//! ask for it by such a name, so that a page of somebody else's in the same browser cannot read it. The memory is that of
//! the record, and a copy of the run that a reader looks at; there are at most sixteen readers at once.
//!
//! With the feature `journal` it shows the durable runs in files of `orch-journal` too: `Live::journal`.
//!
//! ```no_run
//! use async_orch::{Breaker, pipeline, task};
//! use orch_report::Record;
//! use orch_report::live::Live;
//!
//! #[task]
//! async fn fetch(id: u32) -> std::io::Result<String> {
//!     Ok(format!("record {id}"))
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), async_orch::BoxError> {
//! let record = Record::with_room(100_000);
//! let breaker = Breaker::new();
//! let page = Live::new(record.clone()).breaker("records", &breaker).bind("127.0.0.1:7700").await?;
//! println!("{}", page.url());
//! tokio::spawn(page.serve());
//!
//! let fetched = pipeline! { |_: Vec<u32>| each(limit = 4) < circuit(breaker = &breaker) < fetch > > };
//! record.add_graph(&fetched.graph());
//! fetched.with_bus(record).run((0..1_000).collect()).await?;
//! # Ok(())
//! # }
//! ```

mod feed;
mod gates;
mod hosts;
#[cfg(feature = "journal")]
mod journal;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_orch::{Breaker, Bulkhead};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Request, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response, Sse};
use axum::routing::get;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::{Semaphore, watch};

use crate::page;
use crate::record::Record;
use feed::Feed;
use gates::Gates;
use hosts::Hosts;

/// How many pages are told at once.
const READERS: usize = 16;

/// What a live page shows. See the [module](self).
#[derive(Debug)]
pub struct Live {
    record: Record,
    title: String,
    gates: Gates,
    hosts: Vec<String>,
    beyond_loopback: bool,
    has_record: bool,
    #[cfg(feature = "journal")]
    journals: Vec<(String, orch_journal::Reader)>,
}

/// Why a page is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is one that others can reach. That has to be asked for, with [`Live::beyond_loopback`].
    #[error("{0} is not on loopback: others could read what runs do")]
    NotLoopback(SocketAddr),
    /// What the system says.
    #[error("the page cannot be served")]
    Io(#[from] io::Error),
}

/// A page that has an address, and is not served yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    /// Its end is that of the feeds.
    serving: watch::Sender<()>,
}

struct Shared {
    record: Record,
    title: String,
    gates: Gates,
    readers: Arc<Semaphore>,
    serving: watch::Receiver<()>,
    has_record: bool,
    #[cfg(feature = "journal")]
    journals: Vec<(String, orch_journal::Reader)>,
    #[cfg(feature = "journal")]
    looks: Semaphore,
}

impl Live {
    /// The page of a record, which is the bus of pipelines.
    #[must_use]
    pub fn new(record: Record) -> Self {
        let title = "Runs".to_owned();
        Live {
            record,
            title,
            gates: Gates::default(),
            hosts: Vec::new(),
            beyond_loopback: false,
            has_record: true,
            #[cfg(feature = "journal")]
            journals: Vec::new(),
        }
    }

    /// A page that shows a journal and no record: of runs that other processes run, say. As the program `orch-report --journal runs.db`
    /// serves it.
    ///
    /// ```no_run
    /// use orch_journal::Reader;
    /// use orch_report::live::Live;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let page = Live::of_journal("orders", Reader::open("runs.db")?).bind("127.0.0.1:7700").await?;
    /// println!("{}", page.url());
    /// page.serve().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "journal")]
    #[must_use]
    pub fn of_journal(name: impl Into<String>, journal: impl Into<orch_journal::Reader>) -> Self {
        let live = Live { has_record: false, ..Live::new(Record::with_room(0)) };
        live.title("Durable runs").journal(name, journal)
    }

    /// Shows the durable runs of a journal's file, under a name, in the view "Journal": of a `&Journal`, or of what a `Reader` reads.
    ///
    /// The newest are the first; they are found by state and by words of their keys and pipelines, and of each there is its input, result,
    /// fault, owner, times and steps. With several files one is chosen.
    ///
    /// What stands in the file is read when somebody looks, a page at a time, with at most 64 kB of each text; so the memory does not follow from
    /// how many runs there are. No lease is taken and nothing is written. Runs of other processes are there as soon as they are
    /// written.
    ///
    /// ```no_run
    /// use orch_journal::Journal;
    /// use orch_report::Record;
    /// use orch_report::live::Live;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let journal = Journal::open("runs.db")?;
    /// let record = Record::new();
    /// let page = Live::new(record).journal("orders", &journal).bind("127.0.0.1:7700").await?;
    /// tokio::spawn(page.serve());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "journal")]
    #[must_use]
    pub fn journal(mut self, name: impl Into<String>, journal: impl Into<orch_journal::Reader>) -> Self {
        self.journals.push((name.into(), journal.into()));
        self
    }

    /// What stands over it.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Shows the state of a breaker, under a name.
    #[must_use]
    pub fn breaker(mut self, name: impl Into<String>, breaker: &Breaker) -> Self {
        self.gates.add_breaker(name.into(), breaker.clone());
        self
    }

    /// Shows how many places of a bulkhead are taken, under a name.
    #[must_use]
    pub fn bulkhead(mut self, name: impl Into<String>, bulkhead: &Bulkhead) -> Self {
        self.gates.add_bulkhead(name.into(), bulkhead.clone());
        self
    }

    /// Answers those too who ask for it by this name, without a port: that of a proxy before it, for example. It answers `localhost` and
    /// addresses on loopback without being told.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Allows an address that is not on loopback. Whoever reaches it can read what runs do, outputs and errors among that: there is no
    /// password.
    #[must_use]
    pub fn beyond_loopback(mut self) -> Self {
        self.beyond_loopback = true;
        self
    }

    /// Takes an address; with port 0, a free one.
    ///
    /// # Errors
    ///
    /// If it is not on loopback and that was not allowed, or the system says no.
    pub async fn bind(self, address: impl ToSocketAddrs) -> Result<Server, BindError> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        if !self.beyond_loopback && !address.ip().is_loopback() {
            return Err(BindError::NotLoopback(address));
        }
        let (serving, is_served) = watch::channel(());
        let shared = Arc::new(Shared {
            record: self.record,
            title: self.title,
            gates: self.gates,
            readers: Arc::new(Semaphore::new(READERS)),
            serving: is_served,
            has_record: self.has_record,
            #[cfg(feature = "journal")]
            journals: self.journals,
            #[cfg(feature = "journal")]
            looks: Semaphore::new(journal::LOOKS),
        });
        let hosts = Arc::new(Hosts::new(address.ip(), self.hosts));
        let router = Router::new().route("/", get(document)).route("/events", get(events));
        #[cfg(feature = "journal")]
        let router =
            router.route("/journal/runs", get(journal::runs)).route("/journal/run", get(journal::run));
        let router = router.with_state(shared).layer(from_fn_with_state(hosts, guard));
        Ok(Server { listener, address, router, serving })
    }
}

impl Server {
    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves it, until the future is dropped. Readers are told no more then.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn serve(self) -> io::Result<()> {
        let _serving = self.serving;
        axum::serve(self.listener, self.router).await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Before anything is looked at: who is asked for.
async fn guard(State(hosts): State<Arc<Hosts>>, request: Request<axum::body::Body>, next: Next) -> Response {
    if !hosts.allow(request.headers()) {
        return (StatusCode::FORBIDDEN, "This page answers to its own address alone.\n").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = format!("{}; frame-ancestors 'none'", page::policy(true));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn document(State(shared): State<Arc<Shared>>) -> Response {
    let began = shared.record.look(|kept| kept.began);
    let (title, has_record) = (&*shared.title, shared.has_record);
    let data = page::Live { title, began, has_record, journals: shared.names() }.data();
    let page = page::page(title, &data, true);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

impl Shared {
    /// What journals are called.
    fn names(&self) -> Vec<&str> {
        #[cfg(feature = "journal")]
        return self.journals.iter().map(|(name, _)| &**name).collect();
        #[cfg(not(feature = "journal"))]
        return Vec::new();
    }
}

/// What runs do is told to the page itself: a page of another site may not even ask.
fn refuse_other_sites(headers: &HeaderMap) -> Option<Response> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_other = site.is_some_and(|site| site != b"same-origin" && site != b"none");
    is_other.then(|| (StatusCode::FORBIDDEN, "This is for the page itself.\n").into_response())
}

#[derive(serde::Deserialize)]
struct Wanted {
    run: Option<u64>,
}

async fn events(State(shared): State<Arc<Shared>>, headers: HeaderMap, wanted: Query<Wanted>) -> Response {
    if let Some(refused) = refuse_other_sites(&headers) {
        return refused;
    }
    let Ok(place) = Arc::clone(&shared.readers).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "There are as many readers as there may be.\n")
            .into_response();
    };
    Sse::new(Feed::new(shared, wanted.run, place)).into_response()
}
