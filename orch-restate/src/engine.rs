//! The engine of one run, inside of a handler of the server's.
//!
//! A run's journal is one line of entries, and each is a `ctx.run`. While one is open, whatever the run has asked for is done in
//! place; it is closed with everything that has finished by then, in the order in which that is delivered. What is still under way
//! stays so, and finishes in a later entry. So the commands that the server sees depend on what was delivered alone, and are the
//! same whenever the run is gone through once more. (Several `ctx.run` at the same time, or an awakeable that is resolved by a
//! command whenever a task has finished, are not: they stand in another order the second time.) A run that only waits does so by
//! `ctx.sleep`, and its process may go away meanwhile.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use orch_core::BoxFuture;
use orch_core::durable::{Command, Delivery, Engine, Fault, Id};
use restate_sdk::context::RunFuture;
use restate_sdk::endpoint::ContextInternal;
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;

use crate::breaker::{Answer, AskError, Breakers};
use crate::journal::{Entry, Item, Text};
use crate::runtime::{Arrived, Circuits, Held, Told, lock};

/// How many steps an entry is named after.
const NAMED: usize = 3;

/// That the server has cancelled the run.
#[derive(Debug)]
pub(crate) struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run was cancelled")
    }
}

impl std::error::Error for Cancelled {}

/// What is the same for all runs of a pipeline.
pub(crate) struct Of {
    pub(crate) pipeline: String,
    pub(crate) version: String,
    pub(crate) breakers: Breakers,
}

pub(crate) struct OnServer<'c> {
    of: Arc<Of>,
    ctx: &'c ContextInternal,
    invocation: String,
    circuits: Arc<Mutex<Circuits>>,
    clock: Clock,
    /// What is asked for and has no answer yet.
    outstanding: BTreeMap<u64, Asked>,
    /// Those of it that are to be done in place.
    to_order: VecDeque<u64>,
    /// What was asked for since the last entry.
    asked: Vec<String>,
    /// What is written down, and not yet delivered.
    ready: VecDeque<Item>,
    current: Option<Current<'c>>,
    work: Arc<Mutex<Work>>,
    /// The server does not say whether a run is a new one. What it has kept of one is there at once.
    is_live: bool,
}

type Current<'c> = Pin<Box<dyn Future<Output = Result<Came, TerminalError>> + Send + 'c>>;

/// What comes of waiting for the server.
enum Came {
    Entry(Entry),
    Slept(u64),
}

enum Asked {
    /// A task.
    Work {
        step: String,
    },
    /// A bulkhead or a throttle.
    Place {
        step: String,
    },
    Circuit {
        step: String,
    },
    /// Until then, in milliseconds since the start.
    Sleep(u64),
    /// The server's circuit has let it pass; the one here is asked for form's sake.
    Passed(Item),
}

impl Asked {
    /// What an entry is named after.
    fn step(&self) -> Option<(&str, &'static str)> {
        match self {
            Asked::Work { step } => Some((step, "")),
            Asked::Place { step } | Asked::Circuit { step } => Some((step, "ask ")),
            Asked::Sleep(_) | Asked::Passed(_) => None,
        }
    }
}

/// What is done in place: for the open entry, whichever that is.
#[derive(Default)]
struct Work {
    is_open: bool,
    finished: Vec<(u64, Vec<u8>)>,
    /// Circuits that are not asked yet.
    to_ask: Vec<(u64, Arrived)>,
    /// The questions to circuits that are under way.
    asks: Vec<(u64, BoxFuture<'static, Result<Answer, AskError>>)>,
}

/// Milliseconds since the start of the run. By the time of day at first, so that a process goes on where another was; meanwhile by a
/// clock that does not jump.
#[derive(Clone, Copy)]
struct Clock {
    start: u64,
    here: u64,
    since: Instant,
    /// It does not go back.
    least: u64,
}

impl Clock {
    fn new() -> Self {
        let here = millis(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
        Clock { start: here, here, since: Instant::now(), least: 0 }
    }

    fn unix(&self) -> u64 {
        self.here.saturating_add(millis(self.since.elapsed()))
    }

    fn now(&self) -> u64 {
        self.unix().saturating_sub(self.start).max(self.least)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl<'c> OnServer<'c> {
    pub(crate) fn new(
        of: Arc<Of>,
        ctx: &'c ContextInternal,
        invocation: String,
        circuits: Arc<Mutex<Circuits>>,
    ) -> Self {
        OnServer {
            of,
            ctx,
            invocation,
            circuits,
            clock: Clock::new(),
            outstanding: BTreeMap::new(),
            to_order: VecDeque::new(),
            asked: Vec::new(),
            ready: VecDeque::new(),
            current: None,
            work: Arc::default(),
            is_live: true,
        }
    }

    /// The run is over: what circuits have not been told is told.
    pub(crate) async fn end(&mut self) -> Result<(), Fault> {
        if lock(&self.circuits).reports.is_empty() {
            return Ok(());
        }
        let mut last = self.report();
        match poll_fn(|cx| last.as_mut().poll(cx)).await {
            Ok(Came::Entry(entry)) => self.compare(&entry.version, entry.asked),
            Ok(Came::Slept(_)) => Ok(()),
            Err(_) => Err(Fault::engine(Cancelled)),
        }
    }

    /// Compares what was asked for before an entry.
    fn compare(&mut self, version: &str, was: Vec<String>) -> Result<(), Fault> {
        let is = mem::take(&mut self.asked);
        if was == is {
            return Ok(());
        }
        let at = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
        let nothing = "go on without it".to_owned();
        let (was, is) = (was.get(at).unwrap_or(&nothing), is.get(at).unwrap_or(&nothing));
        if version == self.of.version {
            return Err(Fault::changed(was, is));
        }
        Err(Fault::changed(
            format_args!("{was} (version {version})"),
            format_args!("{is} (version {})", self.of.version),
        ))
    }

    /// The next entry.
    fn open(&mut self) -> Current<'c> {
        let sleeps: Vec<(u64, u64)> = self
            .outstanding
            .iter()
            .filter_map(|(id, asked)| if let Asked::Sleep(due) = asked { Some((*due, *id)) } else { None })
            .collect();
        if sleeps.len() < self.outstanding.len() {
            return self.work(sleeps);
        }
        if !lock(&self.circuits).reports.is_empty() {
            return self.report();
        }
        let (due, id) = sleeps.into_iter().min().unwrap_or_default();
        let sleep = self.ctx.sleep(Duration::from_millis(due.saturating_sub(self.clock.now())));
        Box::pin(async move { sleep.await.map(|()| Came::Slept(id)) })
    }

    /// One in which something is done.
    fn work(&mut self, sleeps: Vec<(u64, u64)>) -> Current<'c> {
        let (mut name, mut more) = (String::new(), 0);
        for (step, ask) in self.outstanding.values().filter_map(Asked::step) {
            if more < NAMED {
                let before = if more > 0 { ", " } else { "" };
                name = format!("{name}{before}{ask}{step}");
            }
            more += 1;
        }
        if more > NAMED {
            name = format!("{name}, {} more", more - NAMED);
        }
        let (of, invocation, clock) = (Arc::clone(&self.of), self.invocation.clone(), self.clock);
        let work = Arc::clone(&self.work);
        self.entry(name, async move {
            {
                let mut work = lock(&work);
                for (id, circuit) in mem::take(&mut work.to_ask) {
                    let ask = of.breakers.clone().ask(circuit, format!("{invocation}/{id}"));
                    work.asks.push((id, Box::pin(ask)));
                }
                work.is_open = true;
            }
            let first = sleeps.iter().min().map(|(due, _)| *due);
            let mut timer = first.map(|due| {
                Box::pin(tokio::time::sleep(Duration::from_millis(due.saturating_sub(clock.now()))))
            });
            let done = poll_fn(|cx| {
                let is_due = timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
                let mut work = lock(&work);
                let (mut done, mut failed) = (Vec::new(), None);
                for (id, bytes) in mem::take(&mut work.finished) {
                    done.push(Item { id, at: clock.now(), result: bytes.into(), permit: None });
                }
                work.asks.retain_mut(|(id, ask)| {
                    match ask.as_mut().poll(cx) {
                        Poll::Pending => return true,
                        Poll::Ready(Ok(Answer { permit, bytes })) => {
                            done.push(Item { id: *id, at: clock.now(), result: bytes.into(), permit });
                        }
                        Poll::Ready(Err(error)) => failed = Some(error),
                    }
                    false
                });
                if let Some(error) = failed {
                    return Poll::Ready(Err(error));
                }
                if is_due {
                    // In the order in which they are over, and by their own time.
                    let now = clock.now().max(first.unwrap_or_default());
                    let mut over: Vec<_> = sleeps.iter().filter(|(due, _)| *due <= now).collect();
                    over.sort_unstable();
                    done.extend(over.into_iter().map(|(due, id)| Item {
                        id: *id,
                        at: clock.now().max(*due),
                        result: Text::Text(String::new()),
                        permit: None,
                    }));
                }
                if done.is_empty() { Poll::Pending } else { Poll::Ready(Ok(done)) }
            });
            let done = done.await;
            lock(&work).is_open = false;
            done
        })
    }

    /// One in which circuits are told, and nothing else.
    fn report(&mut self) -> Current<'c> {
        self.entry("report".to_owned(), async { Ok(Vec::new()) })
    }

    /// An entry that is closed by what `work` gives. Before that circuits are told what has ended.
    fn entry(
        &mut self,
        name: String,
        work: impl Future<Output = Result<Vec<Item>, AskError>> + Send + 'c,
    ) -> Current<'c> {
        let reports = mem::take(&mut lock(&self.circuits).reports);
        let (of, invocation) = (Arc::clone(&self.of), self.invocation.clone());
        let (start, asked) = (self.clock.start, self.asked.clone());
        let run = self.ctx.run(move || async move {
            for Told { held: Held { circuit, id, permit }, report, failure } in reports {
                of.breakers
                    .report(circuit, format!("{invocation}/{id}/end"), permit, report, failure)
                    .await?;
            }
            let done = work.await?;
            Ok::<_, HandlerError>(Json(Entry { version: of.version.clone(), start, asked, done }))
        });
        let run = run.name(name);
        Box::pin(async move { run.await.map(|Json(entry)| Came::Entry(entry)) })
    }

    /// What is written down is delivered next.
    fn came(&mut self, came: Came) -> Result<(), Fault> {
        match came {
            Came::Entry(entry) => {
                self.compare(&entry.version, entry.asked)?;
                self.clock.start = entry.start;
                self.ready.extend(entry.done);
            }
            Came::Slept(id) => {
                let Some(Asked::Sleep(at)) = self.outstanding.get(&id) else { return Ok(()) };
                self.ready.push_back(Item { id, at: *at, result: Text::Text(String::new()), permit: None });
            }
        }
        Ok(())
    }

    /// The next that is written down, unless it was given up by what was delivered before it.
    fn next_ready(&mut self) -> Option<Delivery> {
        while let Some(item) = self.ready.pop_front() {
            let Some(asked) = self.outstanding.remove(&item.id) else { continue };
            let Asked::Circuit { step } = asked else { return Some(self.deliver(item)) };
            lock(&self.work).to_ask.retain(|(id, _)| *id != item.id);
            let mut circuits = lock(&self.circuits);
            let circuit = circuits.arrived.remove(&step);
            if let (Some(circuit), Some(permit)) = (circuit, item.permit) {
                // The block here has a permit of its own circuit, so that its end is told.
                circuits.held.insert(step, Held { circuit, id: item.id, permit });
                drop(circuits);
                let id = Id(item.id);
                self.outstanding.insert(item.id, Asked::Passed(item));
                return Some(Delivery::Run(id));
            }
            drop(circuits);
            return Some(self.deliver(item));
        }
        None
    }

    fn deliver(&mut self, Item { id, at, result, .. }: Item) -> Delivery {
        self.clock.least = self.clock.least.max(at);
        if let Text::Text(text) = &result
            && let Some(failure) = text.strip_prefix("err:")
        {
            // A text without its quotes, anything else as JSON.
            let failure = serde_json::from_str::<String>(failure).unwrap_or_else(|_| failure.to_owned());
            lock(&self.circuits).failure = failure;
        }
        Delivery::Done { id: Id(id), bytes: result.into(), at: Duration::from_millis(at) }
    }
}

impl Engine for OnServer<'_> {
    fn command(&mut self, command: Command) -> Result<(), Fault> {
        let id = command.id().0;
        self.asked.push(command.to_string());
        match command {
            Command::Cancel { .. } => {
                if let Some(Asked::Circuit { step }) = self.outstanding.remove(&id) {
                    lock(&self.circuits).arrived.remove(&step);
                }
                let mut work = lock(&self.work);
                work.to_ask.retain(|(ask, _)| *ask != id);
                work.asks.retain(|(ask, _)| *ask != id);
                work.finished.retain(|(finished, _)| *finished != id);
            }
            Command::Sleep { duration, .. } => {
                let due = self.clock_of_run().saturating_add(millis(duration));
                self.outstanding.insert(id, Asked::Sleep(due));
            }
            Command::Admit { step, .. } => {
                let circuit = lock(&self.circuits).arrived.get(&step).cloned();
                if let Some(circuit) = circuit {
                    lock(&self.work).to_ask.push((id, circuit));
                    self.outstanding.insert(id, Asked::Circuit { step });
                } else {
                    self.to_order.push_back(id);
                    self.outstanding.insert(id, Asked::Place { step });
                }
            }
            Command::Run { step, .. } => {
                self.to_order.push_back(id);
                self.outstanding.insert(id, Asked::Work { step });
            }
            other => return Err(Fault::engine(format!("this version does not know how to {other}"))),
        }
        Ok(())
    }

    fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault> {
        match self.outstanding.get(&id.0) {
            Some(Asked::Passed(item)) => {
                if bytes != b"pass:" {
                    let bytes = String::from_utf8_lossy(&bytes).into_owned();
                    return Err(Fault::engine(format!(
                        "a circuit that had let the run pass was opened here by its handle: {bytes}"
                    )));
                }
                self.ready.push_front(item.clone());
                // It is delivered as any other now.
                if let Some(asked) = self.outstanding.get_mut(&id.0) {
                    *asked = Asked::Work { step: String::new() };
                }
            }
            Some(_) => lock(&self.work).finished.push((id.0, bytes)),
            None => {}
        }
        Ok(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>> {
        loop {
            if let Some(delivery) = self.next_ready() {
                return Poll::Ready(Ok(Some(delivery)));
            }
            // All are begun before any is waited for.
            let is_open = lock(&self.work).is_open;
            while is_open && let Some(id) = self.to_order.pop_front() {
                if self.outstanding.contains_key(&id) {
                    return Poll::Ready(Ok(Some(Delivery::Run(Id(id)))));
                }
            }
            let (mut current, is_new) = match self.current.take() {
                Some(current) => (current, false),
                None if self.outstanding.is_empty() => return Poll::Ready(Ok(None)),
                None => (self.open(), true),
            };
            match current.as_mut().poll(cx) {
                Poll::Ready(Ok(came)) => {
                    self.is_live &= !is_new;
                    if let Err(fault) = self.came(came) {
                        return Poll::Ready(Err(fault));
                    }
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Fault::engine(Cancelled))),
                Poll::Pending => {
                    self.current = Some(current);
                    self.is_live = true;
                    let work = lock(&self.work);
                    if !work.is_open || self.to_order.is_empty() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn is_live(&self) -> bool {
        self.is_live
    }
}

impl OnServer<'_> {
    /// When a wait begins: by what the run has been given, so that it is the same each time.
    fn clock_of_run(&self) -> u64 {
        self.clock.least
    }
}
