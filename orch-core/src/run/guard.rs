//! An execution under way, and a start that waits: what makes sure that each is told of once.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use super::state::{Id, Start, Subject};
use super::time::Time;
use super::{Coords, Full, RunState};
use crate::error::{ErrorKind, Panicked};
use crate::event::{BlockEvent, EventKind, Output, Reason, TaskEvent, Told};
use crate::graph::Node;
use crate::node::{Meta, Origin};

/// An execution of a block under way.
pub struct Guard<'b> {
    run: &'b RunState<'b>,
    /// `None` if nobody takes events, or its end has been told.
    id: Option<Id>,
    node: Option<&'b Node>,
    started: Time,
    parent: Option<Id>,
    coords: Coords,
    /// The panic that left our own poll, in a box so that a guard is quick to move. (`std::thread::panicking()` would be true for siblings
    /// that merely stand in its way.)
    panicked: Option<Box<Panicked>>,
    /// Its start has not been told yet, as it counts its items before.
    counts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Task,
    Block,
}

impl Class {
    pub(super) fn of(meta: &Meta) -> Self {
        if meta.kind.is_block() { Class::Block } else { Class::Task }
    }

    pub(super) fn waits(self) -> EventKind<'static> {
        match self {
            Class::Task => EventKind::Task(TaskEvent::Pending),
            Class::Block => EventKind::Block(BlockEvent::Pending),
        }
    }

    pub(super) fn is_cancelled(self) -> EventKind<'static> {
        match self {
            Class::Task => EventKind::Task(TaskEvent::Cancelled),
            Class::Block => EventKind::Block(BlockEvent::Cancelled),
        }
    }
}

/// A start that waits.
pub struct Queued<'b> {
    pub(super) run: &'b RunState<'b>,
    pub(super) start: Start,
    pub(super) waiting: bool,
}

/// What is new of an execution that starts in a run which is watched: what its events say, besides what the run knows where it starts.
#[derive(Clone, Copy)]
pub(super) struct Opened<'b> {
    pub(super) node: &'b Node,
    pub(super) id: Id,
    pub(super) started: Time,
}

/// How the start and the end of a task are told. Chosen once for a run, by what has to be asked for it: a clock or a runtime, or nothing.
#[derive(Clone, Copy)]
pub(super) struct Telling {
    /// Gives the node and the number of the execution, if anybody takes events. They come back in registers, and the time at its place: a value
    /// of several words would be written in parts and read as a whole, which has to be waited for.
    pub(super) start: Begin,
    pub(super) succeed: Succeed,
}

type Begin = for<'b> fn(&Full<'b>, &'static Meta, &mut Time) -> (Option<&'b Node>, Option<Id>);
type Succeed = for<'b> fn(&Full<'b>, &'b Node, Id, Time, &dyn Any, Option<&dyn fmt::Debug>);

impl Telling {
    pub(super) const PLAINLY: Telling = Telling { start: start_plainly, succeed: succeed_plainly };
    pub(super) const ASKING: Telling = Telling { start: start_asking, succeed: succeed_asking };
}

/// The start of a task, which is told, where nobody has to be asked for anything.
fn start_plainly<'b>(
    at: &Full<'b>,
    meta: &'static Meta,
    started: &mut Time,
) -> (Option<&'b Node>, Option<Id>) {
    let Some(graph) = at.run.plain().filter(|_| !at.is_reserved()) else {
        return start_asking(at, meta, started);
    };
    let Some(id) = at.run.next_execution() else { return (None, None) };
    let opened = Opened { node: graph.locate(at.segment, meta), id, started: Time::default() };
    opened.tell_plainly(at, EventKind::Task(TaskEvent::Running));
    (Some(opened.node), Some(opened.id))
}

/// The same where somebody has to be asked.
#[inline(never)]
fn start_asking<'b>(
    at: &Full<'b>,
    meta: &'static Meta,
    started: &mut Time,
) -> (Option<&'b Node>, Option<Id>) {
    let Some(opened) = Opened::new(at, meta) else { return (None, None) };
    *started = opened.started;
    opened.tell(at, opened.started, EventKind::Task(TaskEvent::Running));
    (Some(opened.node), Some(opened.id))
}

/// A task has given this.
fn succeed_plainly<'b>(
    at: &Full<'b>,
    node: &'b Node,
    id: Id,
    started: Time,
    value: &dyn Any,
    debug: Option<&dyn fmt::Debug>,
) {
    let (output, elapsed) = (Output::new(value, debug), Duration::ZERO);
    let kind = EventKind::Task(TaskEvent::Succeeded { output, elapsed });
    Opened { node, id, started }.tell_plainly(at, kind);
}

/// The same where somebody has to be asked.
fn succeed_asking<'b>(
    at: &Full<'b>,
    node: &'b Node,
    id: Id,
    started: Time,
    value: &dyn Any,
    debug: Option<&dyn fmt::Debug>,
) {
    let now = at.run.time();
    let (output, elapsed) = (Output::new(value, debug), now.since(started));
    let kind = EventKind::Task(TaskEvent::Succeeded { output, elapsed });
    Opened { node, id, started }.tell(at, now, kind);
}

impl<'b> Opened<'b> {
    /// `None` if nobody takes events.
    #[inline(always)]
    fn new(at: &Full<'b>, meta: &'static Meta) -> Option<Self> {
        let run = at.run;
        if !run.is_watched() {
            return None;
        }
        let id = at.claim(meta).or_else(|| run.next_execution())?;
        Some(Opened { node: run.locate(at.segment, meta), id, started: run.time() })
    }

    /// The start of a block, which is told.
    fn block(at: &Full<'b>, meta: &'static Meta, started: &mut Time) -> (Option<&'b Node>, Option<Id>) {
        let Some(opened) = Opened::new(at, meta) else { return (None, None) };
        *started = opened.started;
        opened.tell(at, opened.started, EventKind::Block(BlockEvent::Started { items: None }));
        (Some(opened.node), Some(opened.id))
    }

    /// Tells what nobody has to be asked for.
    #[inline(always)]
    fn tell_plainly(&self, at: &Full<'b>, kind: EventKind<'_>) {
        let Opened { node, id, .. } = *self;
        let subject = Subject { node, id, parent: at.parent, coords: &at.coords };
        at.run.tell_at(subject, Duration::ZERO, false, kind);
    }

    #[inline(always)]
    fn tell(&self, at: &Full<'b>, now: Time, kind: EventKind<'_>) {
        let Opened { node, id, .. } = *self;
        at.run.tell(Subject { node, id, parent: at.parent, coords: &at.coords }, now, kind);
    }

    /// The task has failed.
    #[cold]
    pub(super) fn fail(self, at: &Full<'b>, error: &(dyn std::error::Error + 'static), reason: Reason<'_>) {
        let now = at.run.time();
        let elapsed = now.since(self.started);
        self.tell(at, now, EventKind::Task(TaskEvent::Failed { error, reason, elapsed }));
    }

    /// The task is dropped before its end.
    #[cold]
    pub(super) fn cancel(self, at: &Full<'b>) {
        self.tell(at, at.run.time(), EventKind::Task(TaskEvent::Cancelled));
    }
}

/// Why something failed that panicked.
pub(super) fn by_panic(panicked: &Panicked) -> Reason<'_> {
    Reason::new(panicked, ErrorKind::<Infallible>::Panicked(panicked.clone()).as_str())
}

impl<'b> Guard<'b> {
    /// The start of a block, which is told; and the run as the steps inside see it.
    #[inline(always)]
    pub(super) fn block(at: &Full<'b>, meta: &'static Meta) -> (Full<'b>, Self) {
        let mut started = Time::default();
        let (node, id) = Opened::block(at, meta, &mut started);
        Guard::new(at, node, id, started, false)
    }

    /// The start of a block, which is told when its items have been counted, or it ends before.
    pub(super) fn counting(at: &Full<'b>, meta: &'static Meta) -> (Full<'b>, Self) {
        let (node, id, started) = match Opened::new(at, meta) {
            Some(Opened { node, id, started }) => (Some(node), Some(id), started),
            None => (None, None, Time::default()),
        };
        Guard::new(at, node, id, started, id.is_some())
    }

    #[inline(always)]
    fn new(
        at: &Full<'b>,
        node: Option<&'b Node>,
        id: Option<Id>,
        started: Time,
        counts: bool,
    ) -> (Full<'b>, Self) {
        let Full { run, parent, coords, .. } = *at;
        (at.within_execution(id), Guard { run, id, node, started, parent, coords, panicked: None, counts })
    }

    /// Whether its end is still to be told.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.id.is_some()
    }

    /// It, if its end is still to be told.
    #[inline(always)]
    fn open(&self) -> Option<Opened<'b>> {
        Some(Opened { id: self.id?, node: self.node?, started: self.started })
    }

    #[inline(always)]
    fn tell_of(&self, Opened { node, id, .. }: Opened<'b>, now: Time, kind: EventKind<'_>) {
        self.run.tell(Subject { node, id, parent: self.parent, coords: &self.coords }, now, kind);
    }

    /// Tells the start.
    pub(super) fn counted(&mut self, items: Option<u64>) {
        if let (true, Some(open)) = (std::mem::take(&mut self.counts), self.open()) {
            self.tell_of(open, open.started, EventKind::Block(BlockEvent::Started { items }));
        }
    }

    /// Ends the execution, if it has not ended yet: gives it, the run's time, and the time since its start. What is inside it ends
    /// first: its start is told if it was not, and starts in it that are due will never be made.
    #[inline(always)]
    fn end(&mut self) -> Option<(Opened<'b>, Time, Duration)> {
        let open = self.open()?;
        self.id = None;
        let now = self.run.time();
        if std::mem::take(&mut self.counts) {
            self.tell_of(open, open.started, EventKind::Block(BlockEvent::Started { items: None }));
        }
        self.run.cancel_due(open.id, now);
        Some((open, now, now.since(open.started)))
    }

    /// It ends otherwise than by an error.
    pub(super) fn finish(&mut self, make: fn(Duration) -> BlockEvent<'static>) {
        if let Some((open, now, elapsed)) = self.end() {
            self.tell_of(open, now, EventKind::Block(make(elapsed)));
        }
    }

    pub(super) fn fail(
        &mut self,
        error: &(dyn std::error::Error + 'static),
        reason: Reason<'_>,
        origin: Option<Origin>,
    ) {
        if let Some((open, now, elapsed)) = self.end() {
            self.tell_of(open, now, EventKind::Block(BlockEvent::Failed { error, reason, origin, elapsed }));
        }
    }

    /// A panic leaves its own poll.
    #[cold]
    pub(super) fn panicked(&mut self, payload: &(dyn Any + Send)) {
        if self.is_open() {
            self.panicked = Some(Box::new(Panicked::from_payload(payload)));
        }
    }

    /// Tells of something in the midst of it.
    pub(super) fn tell<T: Told>(&self, told: impl FnOnce() -> T) {
        if let Some(open) = self.open() {
            self.tell_of(open, self.run.time(), EventKind::Told(&told()));
        }
    }

    #[cold]
    fn left(&mut self) {
        match self.panicked.take() {
            Some(panicked) => self.fail(&*panicked, by_panic(&panicked), None),
            None => {
                if let Some((open, now, _)) = self.end() {
                    self.tell_of(open, now, EventKind::Block(BlockEvent::Cancelled));
                }
            }
        }
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_open() {
            self.left();
        }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if self.waiting && self.run.is_watched() {
            self.run.emit(&self.start, self.run.time(), Class::of(self.start.meta).is_cancelled());
        }
    }
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.start.id).finish_non_exhaustive()
    }
}
