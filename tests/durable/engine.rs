//! An engine without a store: it remembers what was asked for and what came of it, and can forget all after some point.

use std::collections::BTreeMap;
use std::task::{Context, Poll};
use std::time::Duration;

use async_orch::durable::{Command, Delivery, Engine, Fault, Id};

/// What is left of a run when its process is gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    Asked(Command),
    Done { id: Id, bytes: Vec<u8>, at: Duration },
}

/// When what was delivered is on the disk.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum OnDisk {
    AtOnce,
    /// As late as it may be: when something is ordered to be done in place.
    BeforeOrders,
    /// Later than it may be: when the run has ended.
    AtTheEnd,
}

pub(crate) struct Fake {
    pub(crate) journal: Journal,
    pub(crate) on_disk: OnDisk,
    /// How much of the journal a process that ends now leaves, unless all of it is on the disk at once.
    kept: usize,
    /// How much of the journal is of an earlier process.
    old: usize,
    /// The next of it that is compared, and the next that is delivered.
    compared: usize,
    delivered: usize,
    outstanding: BTreeMap<Id, State>,
    now: Duration,
    random: fastrand::Rng,
    /// How often it looks whether what is done in place is done before the time goes on.
    patience: u32,
    /// The process ends when so many entries were written.
    pub(crate) ends_at: usize,
}

enum State {
    /// To be ordered.
    Asked,
    Ordered,
    Sleeps(Duration),
    /// What came of it is not written down yet.
    Finished(Vec<u8>),
}

/// That the process has ended, as a fault.
pub(crate) fn crash() -> Fault {
    Fault::engine("crash")
}

pub(crate) fn is_crash(fault: &Fault) -> bool {
    matches!(fault, Fault::Engine(error) if error.to_string() == "crash")
}

impl Fake {
    pub(crate) fn new(journal: Journal, seed: u64) -> Self {
        let old = journal.entries.len();
        Fake {
            journal,
            // One run out of two shows that late is soon enough.
            on_disk: if seed.is_multiple_of(2) { OnDisk::AtOnce } else { OnDisk::BeforeOrders },
            kept: old,
            old,
            compared: 0,
            delivered: 0,
            outstanding: BTreeMap::new(),
            now: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            patience: 3,
            ends_at: usize::MAX,
        }
    }

    /// The steps whose outcome is written down.
    pub(crate) fn finished_steps(journal: &Journal) -> Vec<String> {
        let mut steps = BTreeMap::new();
        let mut finished = Vec::new();
        for entry in &journal.entries {
            match entry {
                Entry::Asked(Command::Run { id, step, .. }) => drop(steps.insert(*id, step.clone())),
                Entry::Done { id, .. } => finished.extend(steps.get(id).cloned()),
                Entry::Asked(_) => {}
            }
        }
        finished
    }

    fn write(&mut self, entry: Entry) -> Result<(), Fault> {
        if self.journal.entries.len() >= self.ends_at {
            if self.on_disk != OnDisk::AtOnce {
                self.journal.entries.truncate(self.kept);
            }
            return Err(crash());
        }
        self.journal.entries.push(entry);
        Ok(())
    }

    /// The next command of the earlier process.
    fn recorded(&mut self) -> Option<Command> {
        while self.compared < self.old {
            self.compared += 1;
            if let Entry::Asked(command) = &self.journal.entries[self.compared - 1] {
                return Some(command.clone());
            }
        }
        None
    }

    /// The next outcome of the earlier process.
    fn replayed(&mut self) -> Option<Delivery> {
        while self.delivered < self.old {
            self.delivered += 1;
            if let Entry::Done { id, bytes, at } = &self.journal.entries[self.delivered - 1] {
                self.now = self.now.max(*at);
                return Some(Delivery::Done { id: *id, bytes: bytes.clone(), at: *at });
            }
        }
        None
    }
}

impl Engine for Fake {
    fn command(&mut self, command: Command) -> Result<(), Fault> {
        match self.recorded() {
            Some(recorded) if recorded != command => return Err(Fault::changed(recorded, command)),
            Some(_) => {}
            None => self.write(Entry::Asked(command.clone()))?,
        }
        match command {
            Command::Cancel { id, .. } => drop(self.outstanding.remove(&id)),
            Command::Sleep { id, duration, .. } => {
                self.outstanding.insert(id, State::Sleeps(self.now + duration));
            }
            other => drop(self.outstanding.insert(other.id(), State::Asked)),
        }
        Ok(())
    }

    fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault> {
        if let Some(state) = self.outstanding.get_mut(&id) {
            *state = State::Finished(bytes);
        }
        Ok(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>> {
        if let Some(delivery) = self.replayed() {
            if let Delivery::Done { id, .. } = &delivery
                && self.outstanding.remove(id).is_none()
            {
                return Poll::Ready(Err(Fault::changed(format!("wait for command {id}"), "do without it")));
            }
            return Poll::Ready(Ok(Some(delivery)));
        }
        if let Some((id, state)) =
            self.outstanding.iter_mut().find(|(_, state)| matches!(state, State::Asked))
        {
            *state = State::Ordered;
            if self.on_disk == OnDisk::BeforeOrders {
                self.kept = self.journal.entries.len();
            }
            return Poll::Ready(Ok(Some(Delivery::Run(*id))));
        }
        // What was done, in any order; then the time goes on to the end of a wait. Now and then a wait is over before, and what is done
        // in place takes longer than any.
        let done: Vec<Id> = self
            .outstanding
            .iter()
            .filter(|(_, state)| matches!(state, State::Finished(_)))
            .map(|(id, _)| *id)
            .collect();
        let sleeps: Vec<(Duration, Id)> = self
            .outstanding
            .iter()
            .filter_map(|(id, state)| if let State::Sleeps(due) = state { Some((*due, *id)) } else { None })
            .collect();
        let first = sleeps.iter().min().copied();
        let is_busy = self.outstanding.values().any(|state| matches!(state, State::Ordered));
        if done.is_empty() && first.is_some() && is_busy && self.patience > 0 {
            self.patience -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let id = if !done.is_empty() && (first.is_none() || self.random.u8(..) < 200) {
            done[self.random.usize(..done.len())]
        } else if let Some((due, id)) = first {
            self.now = self.now.max(due);
            id
        } else if self.outstanding.is_empty() {
            return Poll::Ready(Ok(None));
        } else {
            return Poll::Pending;
        };
        self.now += Duration::from_millis(self.random.u64(..3));
        self.patience = self.random.u32(..12);
        let bytes = match self.outstanding.remove(&id) {
            Some(State::Finished(bytes)) => bytes,
            _ => Vec::new(),
        };
        let (bytes, at) = (bytes, self.now);
        if let Err(fault) = self.write(Entry::Done { id, bytes: bytes.clone(), at }) {
            return Poll::Ready(Err(fault));
        }
        Poll::Ready(Ok(Some(Delivery::Done { id, bytes, at })))
    }

    fn is_live(&self) -> bool {
        !self.journal.entries[self.delivered.min(self.old)..self.old]
            .iter()
            .any(|entry| matches!(entry, Entry::Done { .. }))
    }
}
