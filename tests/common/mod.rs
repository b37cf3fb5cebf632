//! What the tests of several topics share.
#![allow(dead_code)] // Each topic uses a part of it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_orch::{BlockEvent, Bus, CircuitState, Event, EventKind, RunId, TaskState};

/// An error that says one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oops(pub(crate) &'static str);

impl fmt::Display for Oops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Oops {}

/// The output of a future that never has to wait.
#[track_caller]
pub(crate) fn at_once<T>(fut: impl Future<Output = T>) -> T {
    match poll_once(std::pin::pin!(fut)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// One poll that no wake follows.
pub(crate) fn poll_once<F: Future + ?Sized>(fut: Pin<&mut F>) -> Poll<F::Output> {
    fut.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future `polls` times, as it wakes; then gives it up. `None` if it had not finished by then.
pub(crate) async fn polled<F: Future>(fut: F, polls: usize) -> Option<F::Output> {
    let mut fut = Box::pin(fut);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match fut.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// What happened, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, entry: impl fmt::Display) {
        self.0.lock().unwrap().push(entry.to_string());
    }

    /// The entries since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// How many there are of something, and were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    alive: AtomicUsize,
    made: AtomicUsize,
    most: AtomicUsize,
}

impl Census {
    /// One more, while what is returned lives.
    pub(crate) fn enter(&self) -> Live {
        let alive = self.0.alive.fetch_add(1, SeqCst) + 1;
        self.0.made.fetch_add(1, SeqCst);
        self.0.most.fetch_max(alive, SeqCst);
        Live(self.0.clone())
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.alive.load(SeqCst)
    }

    pub(crate) fn made(&self) -> usize {
        self.0.made.load(SeqCst)
    }

    /// The most at once.
    pub(crate) fn most(&self) -> usize {
        self.0.most.load(SeqCst)
    }
}

/// One of those that a [`Census`] counts.
#[derive(Debug)]
pub(crate) struct Live(Arc<Counts>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, SeqCst);
    }
}

/// A value that counts how often it is cloned, and knows whether it is a clone.
#[derive(Debug, Default)]
pub(crate) struct Sheep {
    clones: Arc<AtomicUsize>,
    pub(crate) dolly: bool,
}

impl Sheep {
    /// One, and its count.
    pub(crate) fn new() -> (Sheep, impl Fn() -> usize) {
        let sheep = Sheep::default();
        let clones = sheep.clones.clone();
        (sheep, move || clones.load(SeqCst))
    }
}

impl Clone for Sheep {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, SeqCst);
        Sheep { clones: self.clones.clone(), dolly: true }
    }
}

/// A bus that keeps enough of each event to check the rules of executions.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Vec<Seen>>);

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) run: RunId,
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) attempt: u32,
    pub(crate) item: Option<u64>,
    pub(crate) path: String,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Task(TaskState),
    Started,
    Succeeded,
    Failed,
    Cancelled,
    Circuit {
        old: CircuitState,
        new: CircuitState,
        tripped: bool,
        rejected: bool,
    },
    /// Something else that is particular to a block, by what it is about.
    Told(&'static str),
}

impl What {
    pub(crate) fn begins(self) -> bool {
        matches!(self, What::Task(TaskState::Running) | What::Started)
    }

    pub(crate) fn is_terminal(self) -> bool {
        match self {
            What::Task(state) => state.is_terminal(),
            What::Started | What::Circuit { .. } | What::Told(_) => false,
            What::Succeeded | What::Failed | What::Cancelled => true,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Task(state) => state.fmt(f),
            What::Started => f.write_str("started"),
            What::Succeeded => f.write_str("succeeded"),
            What::Failed => f.write_str("failed"),
            What::Cancelled => f.write_str("cancelled"),
            What::Told(about) => write!(f, "told of {about}"),
            What::Circuit { old, new, tripped, rejected } => {
                write!(f, "{old} -> {new}")?;
                f.write_str(if *tripped { ", tripped" } else { "" })?;
                f.write_str(if *rejected { ", rejected" } else { "" })
            }
        }
    }
}

impl Bus for Trace {
    fn emit(&self, event: &Event<'_>) {
        let what = match &event.kind {
            EventKind::Task(_) => What::Task(event.task_state().expect("it is one of a task")),
            EventKind::Block(BlockEvent::Started { .. }) => What::Started,
            EventKind::Block(BlockEvent::Succeeded { .. }) => What::Succeeded,
            EventKind::Block(BlockEvent::Failed { .. }) => What::Failed,
            EventKind::Block(BlockEvent::Cancelled) => What::Cancelled,
            EventKind::Block(BlockEvent::Pending) => What::Task(TaskState::Pending),
            EventKind::Told(told) => match (event.circuit(), told.state()) {
                (Some(circuit), _) => What::Circuit {
                    old: circuit.old_state,
                    new: circuit.new_state,
                    tripped: circuit.tripped,
                    rejected: circuit.rejected,
                },
                (None, Some(state)) => What::Task(state),
                (None, None) => What::Told(told.about()),
            },
            other => panic!("an event of an unknown kind: {other:?}"),
        };
        self.0.lock().unwrap().push(Seen {
            run: event.run,
            id: event.execution.id,
            parent: event.execution.parent,
            attempt: event.execution.attempt,
            item: event.execution.item,
            path: event.node.path().to_owned(),
            what,
        });
    }
}

impl Trace {
    /// The events since the last call.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// They, as lines: path and what.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.take().iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect()
    }
}

/// Checks that every execution that began or waited has ended once, and that blocks enclose what is inside them.
#[track_caller]
pub(crate) fn every_execution_ends_once(events: &[Seen]) {
    let mut executions: BTreeMap<(RunId, u64), Vec<(usize, &Seen)>> = BTreeMap::new();
    for (position, seen) in events.iter().enumerate() {
        executions.entry((seen.run, seen.id)).or_default().push((position, seen));
    }
    for ((run, id), own) in &executions {
        let terminal = own.iter().filter(|(_, seen)| seen.what.is_terminal()).count();
        assert_eq!(terminal, 1, "execution {id} has {terminal} ends: {own:?}");
        let (last, end) = own[own.len() - 1];
        assert!(end.what.is_terminal(), "execution {id} goes on after its end: {own:?}");
        let (first, begin) = own[0];
        assert!(begin.what.begins() || begin.what == What::Task(TaskState::Pending), "{begin:?} came first");
        if let Some(parent) = begin.parent {
            let around = &executions[&(*run, parent)];
            assert!(around[0].0 < first, "{begin:?} before its block");
            assert!(around[around.len() - 1].0 > last, "{end:?} after its block");
        }
    }
}
