//! One run beside its journal: what was written down is compared and given again; what happens after that is written down.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use orch_core::durable::{Command, Delivery, Engine, Fault, Id};
use tokio::time::{Instant, Sleep};

use crate::Error;
use crate::error::StoreError;
use crate::store::rows::{self, Entry, Run, What};
use crate::store::{Answer, By, Commit, Hold, Why, Writer, leases, millis, now};

/// How long a command waits for company before it is written by itself. It need not be on the disk for what it asks for to be done: a
/// run that is gone through once more asks for it again. Most tasks that finish sooner are written with what came of them.
const GATHER: Duration = Duration::from_millis(10);
/// What is written on a thread of the runtime at most: so many entries, and so many bytes of them and of an input or an output.
const BRIEF: (usize, usize) = (64, 64 * 1024);
/// The longest that its timer is set for: it is set anew then. A wait may be longer than a timer can be.
const LONGEST: u64 = 24 * 3_600_000;

/// The engine of a run.
pub(crate) struct Journaled {
    writer: Arc<Writer>,
    /// That it is ours; nothing of a run that has an end.
    hold: Option<Arc<Hold>>,
    run: Arc<Run>,
    clock: Clock,
    replay: Replay,
    /// What is asked for and has no answer yet. For a wait, when it is over.
    outstanding: HashMap<u64, Option<u64>>,
    given_up: HashSet<u64>,
    to_order: VecDeque<u64>,
    /// The waits, by when they are over.
    waits: BTreeSet<(u64, u64)>,
    finished: Vec<(u64, Vec<u8>)>,
    /// What is not on its way to the disk yet, and since when there is something.
    pending: Vec<Entry>,
    pending_since: Option<Instant>,
    /// Whether something of that is given to the run.
    is_given: bool,
    /// How many entries there are before those.
    written: usize,
    /// What is on its way to the disk.
    commit: Option<Answer<()>>,
    /// What is to be delivered.
    ready: VecDeque<Given>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Why the run stops.
    pub(crate) error: Option<Error>,
}

/// What is left of what was written down.
struct Replay {
    asked: VecDeque<(u64, String)>,
    due: HashMap<u64, u64>,
    done: VecDeque<Given>,
    /// Whether all of it is given, and compared.
    is_over: bool,
    /// A wait that was over before this was over while nobody ran the run.
    since: u64,
}

struct Given {
    id: u64,
    bytes: Vec<u8>,
    at: u64,
}

/// Milliseconds since the start of the run, by the time of day, so that a process goes on where another was; meanwhile by one that does
/// not jump.
struct Clock {
    base: u64,
    since: Instant,
}

impl Clock {
    fn now(&self) -> u64 {
        self.base.saturating_add(millis(self.since.elapsed()).unsigned_abs())
    }
}

impl Journaled {
    pub(crate) fn new(
        writer: Arc<Writer>,
        hold: Option<Arc<Hold>>,
        run: Arc<Run>,
        entries: Vec<Entry>,
    ) -> Self {
        let written = entries.len();
        let last = entries.iter().map(|entry| entry.at).max().unwrap_or(0);
        let base = u64::try_from(now().saturating_sub(run.started)).unwrap_or(0).max(last);
        let mut replay = Replay {
            asked: VecDeque::new(),
            due: HashMap::new(),
            done: VecDeque::new(),
            is_over: entries.is_empty() && hold.is_some(),
            since: if written == 0 { 0 } else { base },
        };
        for Entry { command, at, what } in entries {
            match what {
                What::Asked { text, due } => {
                    replay.asked.push_back((command, text));
                    replay.due.extend(due.map(|due| (command, due)));
                }
                What::Done(bytes) => replay.done.push_back(Given { id: command, bytes, at }),
            }
        }
        Journaled {
            writer,
            hold,
            run,
            clock: Clock { base, since: Instant::now() },
            replay,
            outstanding: HashMap::new(),
            given_up: HashSet::new(),
            to_order: VecDeque::new(),
            waits: BTreeSet::new(),
            finished: Vec::new(),
            pending: Vec::new(),
            pending_since: None,
            is_given: false,
            written,
            commit: None,
            ready: VecDeque::new(),
            timer: None,
            error: None,
        }
    }

    /// Stops the run with an error of the journal's own.
    fn stop(&mut self, error: Error) -> Fault {
        let fault = Fault::engine(error.to_string());
        self.error = Some(error);
        fault
    }

    fn write(&mut self, entry: Entry) {
        self.pending.push(entry);
        self.pending_since.get_or_insert_with(Instant::now);
    }

    /// Sends what there is on its way.
    fn send(&mut self) -> Result<(), Fault> {
        let Some(hold) = self.hold.clone() else {
            return Err(Fault::changed("end", "go on"));
        };
        let entries = mem::take(&mut self.pending);
        (self.pending_since, self.is_given) = (None, false);
        let first = self.written;
        self.written += entries.len();
        let run = self.run.clone();
        let commit = Commit { is_synced: true, is_alone: entries.len() <= rows::PER_STATEMENT };
        let append = move |conn: &rusqlite::Connection, by| {
            brief(by, &entries, None)?;
            if rows::append(conn, &run, hold.token, first, &entries)? {
                return Ok(());
            }
            Err(leases::lost(conn, &run.key, hold.run, hold.token))
        };
        self.commit = Some(self.writer.write(commit, append, |done| done));
        Ok(())
    }

    /// The next that was written down, as long as there is something.
    fn replayed(&mut self) -> Result<Option<Given>, Fault> {
        while let Some(given) = self.replay.done.pop_front() {
            if let Some(due) = self.outstanding.remove(&given.id) {
                if let Some(due) = due {
                    self.waits.remove(&(due, given.id));
                }
                return Ok(Some(given));
            }
            // It was written down together with what made the run give it up.
            if !self.given_up.contains(&given.id) {
                let was = self
                    .replay
                    .asked
                    .pop_front()
                    .map_or_else(|| format!("wait for command {}", given.id), |(_, text)| text);
                return Err(Fault::changed(was, "go on without it"));
            }
        }
        match self.replay.asked.pop_front() {
            Some((_, was)) => Err(Fault::changed(was, "go on without it")),
            None if self.hold.is_none() => Err(Fault::changed("end", "go on")),
            None => {
                self.replay.is_over = true;
                Ok(None)
            }
        }
    }

    /// Gives what can be given by now: tasks that have finished, then waits that are over by this time.
    ///
    /// It need not be on the disk for that, but has to be before the run has an effect outside of it: see [`Engine`].
    fn gather(&mut self, until: u64) {
        let at = self.clock.now();
        for (id, bytes) in mem::take(&mut self.finished) {
            if self.outstanding.contains_key(&id) {
                self.give(Given { id, bytes, at });
            }
        }
        while let Some(&(due, id)) = self.waits.first()
            && due <= until
        {
            self.waits.pop_first();
            self.give(Given { id, bytes: Vec::new(), at: at.max(due) });
        }
    }

    fn give(&mut self, given: Given) {
        self.is_given = true;
        self.write(Entry { command: given.id, at: given.at, what: What::Done(given.bytes.clone()) });
        self.ready.push_back(given);
    }

    /// Wakes the run when a wait is over, or what is pending has waited for long enough.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let wait = self.waits.first().map(|(due, _)| {
            Instant::now() + Duration::from_millis(due.saturating_sub(self.clock.now()).clamp(1, LONGEST))
        });
        let pending = self.pending_since.map(|since| since + GATHER);
        let Some(at) = wait.into_iter().chain(pending).min() else { return Poll::Pending };
        match &mut self.timer {
            Some(timer) if timer.deadline() == at => {}
            Some(timer) => timer.as_mut().reset(at),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(at))),
        }
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(cx))
    }

    /// Writes that the run has ended, with what is not written yet.
    pub(crate) async fn end(&mut self, state: &'static str, result: String) -> Result<(), Error> {
        if let Some(fault) = self.ends() {
            return Err(Error::Stopped { key: self.run.key.clone(), fault });
        }
        let Some(hold) = self.hold.clone() else { return Ok(()) };
        let (run, entries, first) = (self.run.clone(), mem::take(&mut self.pending), self.written);
        self.is_given = false;
        // If that fails, what is numbered on from it may not be written.
        if let Some(commit) = self.commit.take() {
            commit.await?;
        }
        let end = move |conn: &rusqlite::Connection, by| {
            brief(by, &entries, Some(&result))?;
            if rows::append(conn, &run, hold.token, first, &entries)?
                && rows::end(conn, &run, Some(hold.token), state, Some(&result), now())?
            {
                return Ok(());
            }
            Err(leases::lost(conn, &run.key, hold.run, hold.token))
        };
        let commit = Commit { is_synced: true, is_alone: false };
        self.writer.write(commit, end, |done| done).await
    }

    /// That it has ended, where it had gone on before.
    fn ends(&self) -> Option<Fault> {
        let asked = self.replay.asked.front().map(|(_, text)| text.clone());
        let done = || {
            let left = self.replay.done.iter().find(|given| !self.given_up.contains(&given.id))?;
            Some(format!("wait for command {}", left.id))
        };
        asked.or_else(done).map(|was| Fault::changed(was, "end"))
    }
}

/// A run that stops before its end need not do again what it has done. After a commit that is under way it may have to: if that fails,
/// nothing may be numbered on from it.
impl Drop for Journaled {
    fn drop(&mut self) {
        if self.is_given && self.commit.is_none() {
            drop(self.send());
        }
    }
}

/// Refuses what is more to write than a thread of the runtime should be held for: entries, and an input or an output.
pub(crate) fn brief(by: By, entries: &[Entry], text: Option<&str>) -> Result<(), Error> {
    let bytes = |entry: &Entry| match &entry.what {
        What::Asked { text, .. } => text.len(),
        What::Done(bytes) => bytes.len(),
    };
    let bytes = entries.iter().map(bytes).sum::<usize>() + text.map_or(0, str::len);
    let is_brief = entries.len() <= BRIEF.0 && bytes <= BRIEF.1;
    if by == By::Thread || is_brief { Ok(()) } else { Err(StoreError::elsewhere().into()) }
}

fn deliver(given: Given) -> Delivery {
    Delivery::Done { id: Id(given.id), bytes: given.bytes, at: Duration::from_millis(given.at) }
}

impl Engine for Journaled {
    fn command(&mut self, command: Command) -> Result<(), Fault> {
        let (id, text) = (command.id().0, command.to_string());
        let now = self.clock.now();
        let due = if let Command::Sleep { duration, .. } = &command {
            let due = now.saturating_add(millis(*duration).unsigned_abs());
            Some(self.replay.due.remove(&id).unwrap_or(due))
        } else {
            None
        };
        match self.replay.asked.pop_front() {
            Some((_, was)) if was != text => return Err(Fault::changed(was, command)),
            Some(_) => {}
            None if self.hold.is_none() => return Err(Fault::changed("end", command)),
            None => self.write(Entry { command: id, at: now, what: What::Asked { text, due } }),
        }
        if let Command::Cancel { .. } = command {
            if let Some(Some(due)) = self.outstanding.remove(&id) {
                self.waits.remove(&(due, id));
            }
            self.given_up.insert(id);
            return Ok(());
        }
        self.outstanding.insert(id, due);
        match due {
            Some(due) => drop(self.waits.insert((due, id))),
            None => self.to_order.push_back(id),
        }
        Ok(())
    }

    fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault> {
        self.finished.push((id.0, bytes));
        Ok(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>> {
        if !self.replay.is_over
            && let Some(given) = self.replayed()?
        {
            return Poll::Ready(Ok(Some(deliver(given))));
        }
        if let Some(why) = self.hold.as_ref().and_then(|hold| hold.lost(cx.waker())) {
            let key = self.run.key.clone();
            return Poll::Ready(Err(self.stop(match why {
                Why::Taken => Error::LeaseLost { key },
                Why::Cancelled => Error::Cancelled { key },
            })));
        }
        loop {
            while let Some(given) = self.ready.pop_front() {
                // One that was delivered before it may have made the run give this one up.
                if self.outstanding.remove(&given.id).is_some() {
                    return Poll::Ready(Ok(Some(deliver(given))));
                }
            }
            if let Some(commit) = &mut self.commit {
                ready!(Pin::new(commit).poll(cx)).map_err(|error| self.stop(error))?;
                self.commit = None;
            }
            // What was over while nobody ran the run comes first: a task whose time is over need not begin.
            let is_first = self.waits.first().is_some_and(|(due, _)| *due < self.replay.since);
            if is_first || self.to_order.is_empty() {
                self.gather(if is_first { self.replay.since } else { self.clock.now() });
                if !self.ready.is_empty() {
                    continue;
                }
            }
            if !self.to_order.is_empty() && self.is_given {
                self.send()?;
                continue;
            }
            if let Some(id) = self.to_order.pop_front() {
                if self.outstanding.contains_key(&id) {
                    return Poll::Ready(Ok(Some(Delivery::Run(Id(id)))));
                }
                continue;
            }
            if self.outstanding.is_empty() {
                return Poll::Ready(Ok(None));
            }
            ready!(self.poll_timer(cx));
            if self.pending_since.is_some_and(|since| since.elapsed() >= GATHER) {
                self.send()?;
            }
        }
    }

    fn is_live(&self) -> bool {
        !self.replay.done.iter().any(|given| !self.given_up.contains(&given.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However it is put together.
    #[test]
    fn only_what_is_brief_is_written_on_a_thread_of_the_runtime() {
        let entry = |bytes| Entry { command: 0, at: 0, what: What::Done(vec![b'a'; bytes]) };
        let text = "a".repeat(BRIEF.1 + 1);
        let is_brief = |by, entries: &[Entry], text| brief(by, entries, text).is_ok();
        assert!(is_brief(By::Caller, &[entry(1), entry(BRIEF.1 - 1)], None));
        assert!(is_brief(By::Caller, &[entry(1)], Some(&text[2..])));
        assert!(!is_brief(By::Caller, &[entry(2)], Some(&text[2..])));
        assert!(!is_brief(By::Caller, &[entry(1), entry(BRIEF.1)], None));
        assert!(!is_brief(By::Caller, &[], Some(&text)));
        let many = vec![entry(0); BRIEF.0 + 1];
        assert!(is_brief(By::Caller, &many[1..], None) && !is_brief(By::Caller, &many, None));
        assert!(is_brief(By::Thread, &many, Some(&text)));
    }
}
