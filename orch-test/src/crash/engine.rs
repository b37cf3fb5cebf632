//! An engine without a store: what it is told is there as long as the test is.

use std::collections::BTreeMap;
use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use async_orch::durable::{Command, Delivery, Engine, Fault, Id};

use crate::chance::mixed;

/// What is left of a run when its process is gone.
pub(super) type Journal = Vec<Entry>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    Asked(Command),
    Done { id: Id, bytes: Vec<u8>, at: Duration },
}

/// One process of a run: goes through what an earlier one has left, and goes on from there.
pub(super) struct Process {
    pub(super) journal: Journal,
    /// How much of the journal is of an earlier process.
    old: usize,
    /// The next of it that is compared, and the next that is delivered.
    compared: usize,
    delivered: usize,
    outstanding: BTreeMap<Id, Stage>,
    now: Duration,
    random: Random,
    /// How often it looks whether what is done in place is done before the time goes on.
    patience: u64,
    /// It ends when so many entries were written.
    ends_at: usize,
    pub(super) is_gone: bool,
    steps: BTreeMap<Id, String>,
    /// The tasks that were done in it, in order.
    pub(super) did: Vec<String>,
}

enum Stage {
    /// To be ordered.
    Asked,
    Ordered,
    Sleeps(Duration),
    /// What came of it is not written down yet.
    Finished(Vec<u8>),
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mixed(self.0) % bound
    }
}

impl Process {
    pub(super) fn new(journal: Journal, seed: u64, ends_at: usize) -> Self {
        Process {
            old: journal.len(),
            journal,
            compared: 0,
            delivered: 0,
            outstanding: BTreeMap::new(),
            now: Duration::ZERO,
            random: Random(mixed(seed)),
            patience: 3,
            ends_at,
            is_gone: false,
            steps: BTreeMap::new(),
            did: Vec::new(),
        }
    }

    fn write(&mut self, entry: Entry) -> Result<(), Fault> {
        if self.journal.len() >= self.ends_at {
            self.is_gone = true;
            return Err(Fault::engine("the process has ended"));
        }
        self.journal.push(entry);
        Ok(())
    }

    /// The next command of the earlier process.
    fn recorded(&mut self) -> Option<Command> {
        let left = &self.journal[self.compared..self.old];
        let found = left.iter().enumerate().find_map(|(at, entry)| match entry {
            Entry::Asked(command) => Some((at, command.clone())),
            Entry::Done { .. } => None,
        });
        self.compared = found.as_ref().map_or(self.old, |(at, _)| self.compared + at + 1);
        found.map(|(_, command)| command)
    }

    /// The next outcome of the earlier process.
    fn replayed(&mut self) -> Option<(Id, Delivery)> {
        while self.delivered < self.old {
            self.delivered += 1;
            if let Entry::Done { id, bytes, at } = &self.journal[self.delivered - 1] {
                self.now = self.now.max(*at);
                return Some((*id, Delivery::Done { id: *id, bytes: bytes.clone(), at: *at }));
            }
        }
        None
    }

    /// Which of those that could be next is: something that was done, or the wait that is over first. Now and then a wait is over
    /// before something that was done is told of.
    fn next(&mut self) -> Option<Id> {
        let done: Vec<Id> = self
            .outstanding
            .iter()
            .filter(|(_, stage)| matches!(stage, Stage::Finished(_)))
            .map(|(id, _)| *id)
            .collect();
        let sleeps = self.outstanding.iter().filter_map(|(id, stage)| match stage {
            Stage::Sleeps(due) => Some((*due, *id)),
            _ => None,
        });
        let first = sleeps.min();
        if !done.is_empty() && (first.is_none() || self.random.below(5) > 0) {
            return Some(done[self.random.below(done.len() as u64) as usize]);
        }
        let (due, id) = first?;
        self.now = self.now.max(due);
        Some(id)
    }
}

impl Engine for Process {
    fn command(&mut self, command: Command) -> Result<(), Fault> {
        match self.recorded() {
            Some(recorded) if recorded != command => return Err(Fault::changed(recorded, command)),
            Some(_) => {}
            None => self.write(Entry::Asked(command.clone()))?,
        }
        match &command {
            Command::Cancel { id, .. } => drop(self.outstanding.remove(id)),
            Command::Sleep { id, duration, .. } => {
                self.outstanding.insert(*id, Stage::Sleeps(self.now.saturating_add(*duration)));
            }
            other => {
                if let Command::Run { id, step, .. } = other {
                    self.steps.insert(*id, step.clone());
                }
                self.outstanding.insert(other.id(), Stage::Asked);
            }
        }
        Ok(())
    }

    fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault> {
        self.did.extend(self.steps.get(&id).cloned());
        if let Some(stage) = self.outstanding.get_mut(&id) {
            *stage = Stage::Finished(bytes);
        }
        Ok(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>> {
        if let Some((id, delivery)) = self.replayed() {
            return Poll::Ready(match self.outstanding.remove(&id) {
                Some(_) => Ok(Some(delivery)),
                None => Err(Fault::changed(format_args!("wait for command {id}"), "do without it")),
            });
        }
        let asked = self.outstanding.iter_mut().find(|(_, stage)| matches!(stage, Stage::Asked));
        if let Some((id, stage)) = asked {
            *stage = Stage::Ordered;
            return Poll::Ready(Ok(Some(Delivery::Run(*id))));
        }
        let is_any = |of: fn(&Stage) -> bool| self.outstanding.values().any(of);
        let is_done = is_any(|stage| matches!(stage, Stage::Finished(_)));
        if !is_done && is_any(|stage| matches!(stage, Stage::Ordered)) && self.patience > 0 {
            self.patience -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(id) = self.next() else {
            return if self.outstanding.is_empty() { Poll::Ready(Ok(None)) } else { Poll::Pending };
        };
        self.now += Duration::from_millis(self.random.below(3));
        self.patience = self.random.below(12);
        let bytes = match self.outstanding.remove(&id) {
            Some(Stage::Finished(bytes)) => bytes,
            _ => Vec::new(),
        };
        let at = self.now;
        Poll::Ready(
            self.write(Entry::Done { id, bytes: bytes.clone(), at })
                .map(|()| Some(Delivery::Done { id, bytes, at })),
        )
    }

    fn is_live(&self) -> bool {
        let left = &self.journal[self.delivered.min(self.old)..self.old];
        !left.iter().any(|entry| matches!(entry, Entry::Done { .. }))
    }
}

/// The tasks whose outcome is written down.
pub(super) fn finished(journal: &[Entry]) -> Vec<String> {
    let (mut steps, mut finished) = (BTreeMap::new(), Vec::new());
    for entry in journal {
        match entry {
            Entry::Asked(Command::Run { id, step, .. }) => drop(steps.insert(*id, step.clone())),
            Entry::Done { id, .. } => finished.extend(steps.get(id).cloned()),
            Entry::Asked(_) => {}
        }
    }
    finished
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Asked(command @ Command::Cancel { .. }) => command.fmt(f),
            Entry::Asked(command) => write!(f, "{}: {command}", command.id()),
            Entry::Done { id, bytes, at } => {
                write!(f, "{id} is done at {at:?}: {}", String::from_utf8_lossy(bytes))
            }
        }
    }
}
