//! The runtime of a run: the mailbox, and what circuits have to be told.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use orch_core::__engines::step_of;
use orch_core::durable::Mailbox;
use orch_core::{
    Admit, Arrival, Attempt, BoxFuture, Breaker, Done, ErrorKind, Gatekeeper, Position, Report, Runtime,
};

/// The circuits of one run, for its runtime and its engine.
#[derive(Default)]
pub(crate) struct Circuits {
    /// Who arrives, by step.
    pub(crate) arrived: HashMap<String, Arrived>,
    /// Who was let through, by step.
    pub(crate) held: HashMap<String, Held>,
    /// What has ended since.
    pub(crate) reports: Vec<Told>,
    /// The text of the latest error that a task gave.
    pub(crate) failure: String,
}

#[derive(Clone)]
pub(crate) struct Arrived {
    pub(crate) key: String,
    pub(crate) breaker: Breaker,
}

#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) circuit: Arrived,
    /// The command that had asked.
    pub(crate) id: u64,
    pub(crate) permit: u64,
}

/// How a run ended that a circuit had let through.
pub(crate) struct Told {
    pub(crate) held: Held,
    pub(crate) report: Report,
    pub(crate) failure: String,
}

/// The breakers that were given a name.
pub(crate) type Names = Vec<(String, Breaker)>;

pub(crate) struct OnRestate {
    pub(crate) mailbox: Mailbox,
    circuits: Arc<Mutex<Circuits>>,
    pipeline: String,
    names: Arc<Names>,
}

impl OnRestate {
    pub(crate) fn new(seed: u64, pipeline: String, names: Arc<Names>) -> Self {
        OnRestate { mailbox: Mailbox::new(seed), circuits: Arc::default(), pipeline, names }
    }

    pub(crate) fn circuits(&self) -> Arc<Mutex<Circuits>> {
        Arc::clone(&self.circuits)
    }

    fn lock(&self) -> MutexGuard<'_, Circuits> {
        lock(&self.circuits)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The block, whatever the item and the attempt.
fn block_of(position: Position<'_>) -> String {
    match position.node().repetition() {
        0 => position.path().to_owned(),
        before => format!("{}~{}", position.path(), before + 1),
    }
}

impl Runtime for OnRestate {
    fn arrive<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, Done<'a>> {
        // Where it is asked in place, by a task, it does not come here.
        if let Gatekeeper::Circuit(breaker) = arrival.gatekeeper() {
            let position = arrival.position();
            let name = self.names.iter().find(|(_, named)| named.__is(breaker)).map(|(name, _)| name.clone());
            let key = name.unwrap_or_else(|| format!("{}/{}", self.pipeline, block_of(position)));
            self.lock().arrived.insert(step_of(position), Arrived { key, breaker: breaker.clone() });
        }
        self.mailbox.arrive(arrival)
    }

    fn report(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>, report: Report) -> bool {
        let mut circuits = self.lock();
        // What is no circuit of the run itself is as everywhere.
        let Some(held) = circuits.held.remove(&step_of(at)) else {
            drop(circuits);
            return self.mailbox.report(at, gatekeeper, report);
        };
        let failure = circuits.failure.clone();
        circuits.reports.push(Told { held, report, failure });
        false
    }

    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        self.mailbox.execute(attempt)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.mailbox.sleep(duration)
    }

    fn now(&self) -> Instant {
        self.mailbox.now()
    }

    fn random(&self) -> u64 {
        self.mailbox.random()
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'_, ()> {
        self.mailbox.spawn(work)
    }

    fn blocking(&self, call: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        self.mailbox.blocking(call)
    }

    fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
        self.mailbox.admit(at, gatekeeper)
    }

    fn admitted(
        &self,
        at: Position<'_>,
        gatekeeper: Gatekeeper<'_>,
        answer: Result<(), &ErrorKind<Infallible>>,
    ) {
        self.mailbox.admitted(at, gatekeeper, answer);
    }

    fn is_replaying(&self) -> bool {
        self.mailbox.is_replaying()
    }

    fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.mailbox.poll_proceed(cx)
    }

    fn has_budget(&self) -> bool {
        self.mailbox.has_budget()
    }

    fn yield_now(&self, waker: &Waker) {
        self.mailbox.yield_now(waker);
    }
}
