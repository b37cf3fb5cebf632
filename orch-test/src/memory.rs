//! An engine without a store: what it is told is there as long as the test is.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_orch::durable::{Command, Delivery, Durable, Engine, Fault, Id, Mailbox, drive};
use async_orch::{Error, Run};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::chance::mixed;
use crate::simulation::{aside, clock};

/// So long a process waits for a task only if that never ends.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3_600);

/// An engine of durable runs that keeps one run, in memory: what outlives a process in a test.
///
/// [`run`](Memory::run) is a process: it goes through what was written down, and goes on from there. The order in which tasks end and
/// waits are over is by a seed. It is for tests that [`Crashes`](crate::Crashes) do not make: that a changed pipeline still fits the runs that
/// have begun with the old one, say.
///
/// ```
/// use async_orch::durable::Fault;
/// use async_orch::{pipeline, task};
/// use orch_test::Memory;
///
/// #[task(durable)]
/// async fn reserve(order: u64) -> u64 {
///     order
/// }
///
/// #[task(durable)]
/// async fn charge(order: u64) -> u64 {
///     order
/// }
///
/// #[task(durable)]
/// async fn thank(order: u64) -> u64 {
///     order
/// }
///
/// let old = pipeline! { |_: u64| seq < reserve charge > };
/// let mut memory = Memory::new();
/// memory.crash_after(2);
/// assert!(memory.run(&old, 17).is_err()); // `reserve` is done
///
/// // A step more at the end is a change that runs which have begun can go on with; one before what they did is none.
/// let new = pipeline! { |_: u64| seq < reserve charge thank > };
/// assert_eq!(memory.clone().run(&new, 17).unwrap().unwrap(), 17);
/// let other = pipeline! { |_: u64| seq < charge reserve > };
/// let fault = memory.run(&other, 17).unwrap_err();
/// assert!(matches!(fault, Fault::Changed { .. }), "{fault}");
/// ```
///
/// It is an [`Engine`] too, for tests that drive a [`Mailbox`] by hand; each process but the first begins with
/// [`restart`](Memory::restart) then.
#[derive(Clone, Debug)]
pub struct Memory {
    journal: Vec<Entry>,
    /// How much of the journal is of an earlier process.
    old: usize,
    /// The next of it that is compared, and the next that is delivered.
    compared: usize,
    delivered: usize,
    outstanding: BTreeMap<Id, Stage>,
    now: Duration,
    clock: Clock,
    is_hasty: bool,
    is_late: bool,
    /// How much of the journal a process leaves that ends now and is late.
    kept: usize,
    random: Random,
    /// How often it looks whether what is done in place is done before the time goes on.
    patience: u64,
    /// The process ends when so many entries were written.
    ends_at: usize,
    has_crashed: bool,
    /// Whether a process has run.
    is_used: bool,
    steps: BTreeMap<Id, String>,
    /// The tasks that were done in this process, in order.
    pub(crate) did: Vec<String>,
}

/// What a [`Memory`] has written down.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::{Entry, Memory};
///
/// #[task(durable)]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// let mut memory = Memory::new();
/// memory.run(&pipeline! { |_: u64| seq < double > }, 4).unwrap().unwrap();
/// let [Entry::Asked(command), Entry::Done { id, bytes, .. }] = memory.entries() else { panic!("{memory:?}") };
/// assert!(command.id() == *id && bytes.ends_with(b"8"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Entry {
    /// What the run has asked for.
    Asked(Command),
    /// What came of it.
    Done {
        /// The number of the command.
        id: Id,
        /// What was encoded; nothing, of a wait.
        bytes: Vec<u8>,
        /// When, since the run was begun.
        at: Duration,
    },
}

#[derive(Clone, Debug)]
enum Stage {
    /// To be ordered.
    Asked,
    Ordered,
    Sleeps(Duration),
    /// What came of it is not written down yet.
    Finished(Vec<u8>),
}

/// Tokio's clock, which the waits are on.
#[derive(Debug, Default)]
struct Clock {
    /// When it was last looked at.
    read: Option<Instant>,
    /// For the first wait that is over.
    timer: Option<Pin<Box<Sleep>>>,
}

/// Another process reads it for itself.
impl Clone for Clock {
    fn clone(&self) -> Self {
        Clock::default()
    }
}

impl Clock {
    /// How much time has passed since this was last asked.
    fn passed(&mut self) -> Duration {
        let now = Instant::now();
        self.read.replace(now).map_or(Duration::ZERO, |before| now.saturating_duration_since(before))
    }

    /// Whether so much time has passed from now on; the task is woken then.
    fn poll_after(&mut self, duration: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let due = now.checked_add(duration).unwrap_or(now + FOR_EVER);
        match &mut self.timer {
            Some(timer) if timer.deadline() != due => timer.as_mut().reset(due),
            Some(_) => {}
            none => *none = Some(Box::pin(sleep_until(due))),
        }
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(cx))
    }
}

#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mixed(self.0) % bound
    }
}

impl Memory {
    /// One in which nothing is written down.
    ///
    /// ```
    /// assert!(orch_test::Memory::new().entries().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Memory {
            journal: Vec::new(),
            old: 0,
            compared: 0,
            delivered: 0,
            outstanding: BTreeMap::new(),
            now: Duration::ZERO,
            clock: Clock::default(),
            is_hasty: false,
            is_late: false,
            kept: 0,
            random: Random(mixed(0)),
            patience: 3,
            ends_at: usize::MAX,
            has_crashed: false,
            is_used: false,
            steps: BTreeMap::new(),
            did: Vec::new(),
        }
    }

    /// From here on, tasks end and waits are over in the order of this seed.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Memory;
    ///
    /// #[task(durable)]
    /// async fn n(n: u64) -> u64 {
    ///     n
    /// }
    ///
    /// let p = pipeline! { race < n(1) n(2) n(3) > };
    /// let winners = (0..40).map(|seed| Memory::new().order(seed).run(&p, ()).unwrap().unwrap());
    /// assert_eq!(winners.collect::<std::collections::BTreeSet<_>>().len(), 3);
    /// ```
    pub fn order(&mut self, seed: u64) -> &mut Self {
        self.random = Random(mixed(seed));
        self
    }

    /// From here on, waits may be over at any time: before tasks that would have ended long before, as on a machine that stands still at
    /// times. A `timeout` of an hour may cut off what takes no time.
    ///
    /// So there are more orders than a clock allows, for pipelines that have to come to a right end all the same.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { tokio::task::yield_now().await; n * 2 }
    /// let p = pipeline! { |_: u64| settle < timeout(1h) < double > > };
    /// let in_time = |memory: &mut Memory| memory.run(&p, 1).unwrap().unwrap().is_ok();
    /// assert!((0..50).all(|seed| in_time(Memory::new().order(seed))));
    /// assert!(!(0..50).all(|seed| in_time(Memory::new().order(seed).hasty())));
    /// ```
    pub fn hasty(&mut self) -> &mut Self {
        self.is_hasty = true;
        self
    }

    /// From here on, what is written is there after a crash only if a task was ordered since: that is as late as an [`Engine`] may write.
    /// What the run was told after that is lost with the process, and happens once more, perhaps in another way.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let p = pipeline! { |_: u64| seq < double double > };
    /// let mut memory = Memory::new();
    /// assert!(memory.late().crash_after(2).run(&p, 1).is_err());
    /// assert!(memory.finished().is_empty(), "the run was told, and the second task not yet ordered");
    /// assert!(memory.crash_after(3).run(&p, 1).is_err());
    /// assert_eq!(memory.finished(), ["seq/double"]);
    /// ```
    pub fn late(&mut self) -> &mut Self {
        self.is_late = true;
        self
    }

    /// The process ends when so many entries are written, those of earlier ones included. The next one is not concerned.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let (mut memory, p) = (Memory::new(), pipeline! { |_: u64| seq < double double > });
    /// memory.crash_after(3);
    /// assert!(memory.run(&p, 1).is_err() && memory.has_crashed());
    /// assert_eq!(memory.run(&p, 1).unwrap().unwrap(), 4);
    /// ```
    pub fn crash_after(&mut self, entries: usize) -> &mut Self {
        self.ends_at = entries;
        self
    }

    /// Whether the last process has ended so.
    ///
    /// ```
    /// assert!(!orch_test::Memory::new().has_crashed());
    /// ```
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.has_crashed
    }

    /// A process: goes through what is written down, goes on from there, and writes on. Time is virtual, and no runtime is needed.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let (mut memory, p) = (Memory::new(), pipeline! { |_: u64| seq < double double > });
    /// assert_eq!(memory.run(&p, 1).unwrap().unwrap(), 4);
    /// assert_eq!(memory.finished(), ["seq/double", "seq/double~2"]);
    /// ```
    ///
    /// # Errors
    ///
    /// If the run cannot go on, or the process has [crashed](Memory::crash_after). The run's own error is inside of the `Ok`.
    ///
    /// # Panics
    ///
    /// If an inline step does.
    pub fn run<P>(&mut self, pipeline: &P, input: P::In) -> Result<Result<P::Out, Error<P::Error>>, Fault>
    where
        P: Durable + Run,
    {
        if self.is_used {
            self.restart();
        }
        self.is_used = true;
        aside(|| {
            clock().block_on(async {
                let mailbox = Mailbox::new(7);
                let run = drive(&mailbox, pipeline.on(&mailbox).run(input), self);
                tokio::time::timeout(FOR_EVER, run).await.unwrap_or(Err(Fault::Stalled))
            })
        })
    }

    /// Ends the process, for tests that drive the run by hand: what was under way is gone, and what was written down is there to be gone
    /// through.
    ///
    /// ```
    /// use async_orch::durable::{Mailbox, drive};
    /// use async_orch::{Run, pipeline, task};
    /// use orch_test::Memory;
    ///
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let (mut memory, p) = (Memory::new(), pipeline! { |_: u64| seq < double double > });
    /// for _ in 0..2 {
    ///     let mailbox = Mailbox::new(7);
    ///     let run = drive(&mailbox, p.on(&mailbox).run(1), &mut memory);
    ///     assert_eq!(run.await.unwrap().unwrap(), 4);
    ///     assert_eq!(memory.entries().len(), 4);
    ///     memory.restart();
    /// }
    /// # }
    /// ```
    pub fn restart(&mut self) {
        self.has_crashed = false;
        self.old = self.journal.len();
        self.kept = self.old;
        (self.compared, self.delivered) = (0, 0);
        self.outstanding.clear();
        (self.now, self.patience) = (Duration::ZERO, 3);
        self.clock = Clock::default();
        self.steps.clear();
        self.did.clear();
    }

    /// What is written down, in order.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let mut memory = Memory::new();
    /// memory.run(&pipeline! { |_: u64| seq < double > }, 1).unwrap().unwrap();
    /// let entries: Vec<_> = memory.entries().iter().map(ToString::to_string).collect();
    /// assert!(entries[0].starts_with("0: run seq/double"), "{entries:?}");
    /// assert!(entries[1].starts_with("0 is done"), "{entries:?}");
    /// ```
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.journal
    }

    /// Forgets all after so many entries, and ends the process.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let mut memory = Memory::new();
    /// let p = pipeline! { |_: u64| seq < double double > };
    /// memory.run(&p, 1).unwrap().unwrap();
    /// memory.truncate(2);
    /// assert_eq!(memory.finished(), ["seq/double"]);
    /// ```
    pub fn truncate(&mut self, entries: usize) {
        self.journal.truncate(entries);
        self.restart();
    }

    /// The tasks whose outcome is written down, in order.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Memory;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let mut memory = Memory::new();
    /// memory.run(&pipeline! { |_: Vec<u64>| each < double > }, vec![1, 2]).unwrap().unwrap();
    /// let mut finished = memory.finished();
    /// finished.sort();
    /// assert_eq!(finished, ["each/double[0]", "each/double[1]"]);
    /// ```
    #[must_use]
    pub fn finished(&self) -> Vec<String> {
        let (mut steps, mut finished) = (BTreeMap::new(), Vec::new());
        for entry in &self.journal {
            match entry {
                Entry::Asked(Command::Run { id, step, .. }) => drop(steps.insert(*id, step)),
                Entry::Done { id, .. } => finished.extend(steps.get(id).map(ToString::to_string)),
                Entry::Asked(_) => {}
            }
        }
        finished
    }

    fn write(&mut self, entry: Entry) -> Result<(), Fault> {
        if self.journal.len() >= self.ends_at {
            self.has_crashed = true;
            // The next process is not concerned.
            self.ends_at = usize::MAX;
            if self.is_late {
                self.journal.truncate(self.kept);
            }
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

    fn done(&self) -> Vec<Id> {
        let done = self.outstanding.iter().filter(|(_, stage)| matches!(stage, Stage::Finished(_)));
        done.map(|(id, _)| *id).collect()
    }

    /// The wait that is over first, and when.
    fn first_wait(&self) -> Option<(Duration, Id)> {
        let waits = self.outstanding.iter().filter_map(|(id, stage)| match stage {
            Stage::Sleeps(due) => Some((*due, *id)),
            _ => None,
        });
        waits.min()
    }

    /// Which of those that could be next is: something that was done, or if nothing is the wait that is over first, when it is.
    fn poll_next_in_time(&mut self, cx: &mut Context<'_>) -> Poll<Option<Id>> {
        self.now += self.clock.passed();
        let done = self.done();
        if !done.is_empty() {
            return Poll::Ready(Some(done[self.random.below(done.len() as u64) as usize]));
        }
        let Some((due, id)) = self.first_wait() else { return Poll::Ready(None) };
        let left = due.saturating_sub(self.now);
        if !left.is_zero() {
            std::task::ready!(self.clock.poll_after(left, cx));
            self.now = self.now.max(due);
            self.clock.passed();
        }
        Poll::Ready(Some(id))
    }

    /// Which of those that could be next is: something that was done, or the wait that is over first. Now and then a wait is over
    /// before something that was done is told of.
    fn next_at_any_time(&mut self) -> Option<Id> {
        let (done, first) = (self.done(), self.first_wait());
        self.now += Duration::from_millis(self.random.below(3));
        if !done.is_empty() && (first.is_none() || self.random.below(5) > 0) {
            return Some(done[self.random.below(done.len() as u64) as usize]);
        }
        let (due, id) = first?;
        self.now = self.now.max(due);
        Some(id)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Memory::new()
    }
}

impl Engine for Memory {
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
            self.kept = self.journal.len();
            return Poll::Ready(Ok(Some(Delivery::Run(*id))));
        }
        let is_any = |of: fn(&Stage) -> bool| self.outstanding.values().any(of);
        let is_done = is_any(|stage| matches!(stage, Stage::Finished(_)));
        let is_busy = is_any(|stage| matches!(stage, Stage::Ordered));
        // Others may be done soon, of which one is then told first.
        if is_busy && self.patience > 0 && !(is_done && self.is_hasty) {
            self.patience -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let id = if self.is_hasty {
            self.next_at_any_time()
        } else {
            std::task::ready!(self.poll_next_in_time(cx))
        };
        let Some(id) = id else {
            return if self.outstanding.is_empty() { Poll::Ready(Ok(None)) } else { Poll::Pending };
        };
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
