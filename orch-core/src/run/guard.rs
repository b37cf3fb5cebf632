//! An execution under way, and a start that waits: what makes sure that each is told of once.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use super::state::{Id, Start, Subject};
use super::time::Time;
use super::watcher::Open;
use super::{Coords, Full, RunState};
use crate::error::{ErrorKind, Panicked};
use crate::event::{BlockEvent, EventKind, Reason, TaskEvent, Told};
use crate::node::{Meta, Origin};

/// An execution of a block under way.
pub struct Guard<'b> {
    run: &'b RunState<'b>,
    meta: &'static Meta,
    segment: u32,
    /// `None` if nobody takes events, or its end has been told.
    open: Option<Open>,
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

    #[inline(always)]
    pub(super) fn starts(self) -> EventKind<'static> {
        match self {
            Class::Task => EventKind::Task(TaskEvent::Running),
            Class::Block => EventKind::Block(BlockEvent::Started { items: None }),
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

/// Why something failed that panicked.
pub(super) fn by_panic(panicked: &Panicked) -> Reason<'_> {
    Reason::new(panicked, ErrorKind::<Infallible>::Panicked(panicked.clone()).as_str())
}

impl<'b> Guard<'b> {
    /// The start of a block, which is told; and the run as the steps inside see it.
    #[inline(always)]
    pub(super) fn block(at: &Full<'b>, meta: &'static Meta, follows: bool) -> (Full<'b>, Self) {
        let (id, started) = at.run.bus().start_block(at, meta, follows);
        Guard::new(at, meta, id, started, false)
    }

    /// The start of a block, which is told when its items have been counted, or it ends before.
    pub(super) fn counting(at: &Full<'b>, meta: &'static Meta, follows: bool) -> (Full<'b>, Self) {
        let id = at.begin(meta);
        let started = if id.is_some() { at.run.time_of_start(follows) } else { Time::default() };
        Guard::new(at, meta, id, started, id.is_some())
    }

    #[inline(always)]
    fn new(
        at: &Full<'b>,
        meta: &'static Meta,
        id: Option<Id>,
        started: Time,
        counts: bool,
    ) -> (Full<'b>, Self) {
        let Full { run, segment, parent, coords, .. } = *at;
        let open = id.map(|id| Open { id, started });
        (at.within_execution(id), Guard { run, meta, open, segment, counts, parent, coords, panicked: None })
    }

    /// Whether its end is still to be told.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn subject(&self, Open { id, .. }: Open) -> Subject<'_> {
        let Guard { segment, meta, parent, ref coords, .. } = *self;
        Subject { segment, meta, id, parent, coords }
    }

    fn tell_of(&self, open: Open, now: Time, kind: EventKind<'_>) {
        self.run.tell(self.subject(open), now, kind);
    }

    /// Tells the start.
    pub(super) fn counted(&mut self, items: Option<u64>) {
        if let (true, Some(open)) = (std::mem::take(&mut self.counts), self.open) {
            self.tell_of(open, open.started, EventKind::Block(BlockEvent::Started { items }));
        }
    }

    /// Ends the execution, if it has not ended yet: gives it, the run's time, and the time since its start. What is inside it ends
    /// first: its start is told if it was not, and starts in it that are due will never be made.
    #[inline(always)]
    fn end(&mut self) -> Option<(Open, Time, Duration)> {
        let open = self.open.take()?;
        let now = self.run.time();
        if std::mem::take(&mut self.counts) {
            self.tell_of(open, open.started, EventKind::Block(BlockEvent::Started { items: None }));
        }
        self.run.cancel_due(open.id, now);
        Some((open, now, now.since(open.started)))
    }

    /// It has given its output.
    pub(super) fn succeed(&mut self) {
        if let Some((open, now, elapsed)) = self.end() {
            self.run.bus().finish_block(self.run, self.subject(open), now, BlockEvent::Succeeded { elapsed });
        }
    }

    /// It has ended without a start of what is inside it.
    pub(super) fn skip(&mut self) {
        if let Some((open, now, elapsed)) = self.end() {
            self.run.bus().finish_block(self.run, self.subject(open), now, BlockEvent::Skipped { elapsed });
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
        if let Some(open) = self.open {
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
        f.debug_struct("Guard").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.start.id).finish_non_exhaustive()
    }
}
